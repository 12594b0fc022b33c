"""The figures of a run's join, which both joins take in one way."""

import resource
import time
from collections.abc import Sequence

from transforms.arrays import Float64s, Int64s
from transforms.dedup.fingerprints import FingerprintedSplit
from transforms.runs.manifest import JoinFigures
from transforms.runs.run import Run


class JoinClock:
    """Takes the time and memory of a join from when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def figures(
        self,
        join: str,
        fingerprinted: Sequence[FingerprintedSplit],
        kept: Int64s,
        similarity: Float64s,
        *,
        contenders: int,
        candidates: int,
    ) -> JoinFigures:
        """The figures of the join that ends now.

        Args:
            join: its name.
            fingerprinted: the run's splits.
            kept: int64[d], for each removed paragraph the kept one of this run, or a negative number.
            similarity: float64[d], to it.
            contenders: sets that could have a partner at all.
            candidates: pairs whose overlap was counted.
        """
        exact = int((similarity == 1.0).sum())
        return JoinFigures(
            join=join,
            paragraphs=sum(each.paragraphs for each in fingerprinted),
            contenders=contenders,
            candidates=candidates,
            duplicates=len(kept),
            exact=exact,
            near=len(kept) - exact,
            of_earlier_runs=int((kept < 0).sum()),
            seconds=round(time.perf_counter() - self._wall, 3),
            cpu_seconds=round(time.process_time() - self._cpu, 3),
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            fingerprint_seconds=round(sum(each.seconds for each in fingerprinted), 3),
        )


def write_figures(run: Run, figures: JoinFigures) -> None:
    """Writes the figures of the run's join, for its commit."""
    run.folder.write_json(run.join_figures(), figures.model_dump(mode="json"))


def read_figures(run: Run) -> JoinFigures:
    """The figures of the run's join."""
    return JoinFigures.model_validate(run.folder.read_json(run.join_figures()))
