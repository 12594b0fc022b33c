"""WriteSplit and Commit: the second pass over the text, and the manifest."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

import apache_beam as beam
from apache_beam.metrics import Metrics

from transforms.bundles.beam import Batch, parts_together
from transforms.bundles.errors import BundleFailed
from transforms.bundles.reader import read_again
from transforms.bundles.splits import Split
from transforms.dedup.fingerprints import read_source_type
from transforms.parallel import Steps, map_in_order
from transforms.runs.run import OnFailure, Run, abort
from transforms.segmentation.segmenter import shared_segmenter
from transforms.settings import ReadSettings, SegmentationSettings, ShardSettings
from transforms.shards.writing import WrittenSplit, commit_opened_run, write_split
from transforms.storage import Folder

Written = tuple[str, WrittenSplit]


class WriteSplit(beam.PTransform):
    """The splits, each with its shards and ledgers written."""

    def __init__(
        self,
        folder: Folder,
        reading: ReadSettings,
        breaks: int,
        segmentation: SegmentationSettings,
        settings: ShardSettings,
        threads: int,
        on_failure: OnFailure = abort,
    ) -> None:
        super().__init__()
        self._folder, self._reading, self._breaks, self._segmentation = folder, reading, breaks, segmentation
        self._settings, self._threads, self._on_failure = settings, threads, on_failure

    def expand(self, batched: beam.PCollection[Batch]) -> beam.PCollection[Written]:
        """One WrittenSplit a split, in no order."""
        return batched | "Write" >> beam.FlatMapTuple(self._write).with_output_types(Written)

    def _write(self, name: str, splits: tuple[Split, ...]) -> Iterator[Written]:
        work = partial(self._write_if_it_can_be_read, Run.of(self._folder, name))
        done = chain.from_iterable(map_in_order(work, parts_together(splits), self._threads))
        return ((name, each) for each in done)

    def _write_if_it_can_be_read(self, run: Run, parts: Sequence[Split]) -> list[WrittenSplit]:
        try:
            return self._write_parts(run, parts)
        except BundleFailed as error:
            self._on_failure(run, error)
            return []

    def _write_parts(self, run: Run, parts: Sequence[Split]) -> list[WrittenSplit]:
        """The parts of one split, written; they are read once."""
        segmenter = shared_segmenter(self._segmentation)
        written: list[WrittenSplit] = []
        done = Steps("write", parts[0].size)
        for part, documents in read_again(parts, self._reading, read_source_type(run)):
            progress = done.within(len(written) / len(parts), (len(written) + 1) / len(parts))
            written.append(write_split(run, part, documents, self._breaks, segmenter, self._settings, progress))
            progress(1)
            del documents  # not in memory beside the next part's
        done(1)
        return written


class Commit(beam.PTransform):
    """The run's manifest, written."""

    def __init__(self, folder: Folder) -> None:
        super().__init__()
        self._folder = folder
        self._runs, self._kept = (Metrics.counter("rafid", name) for name in ("runs_committed", "paragraphs_kept"))

    def expand(self, written: beam.PCollection[Written]) -> beam.PCollection[str]:
        """The run's id, once it is committed; nothing where it was given up."""
        return (
            written
            | "ToOneWorker" >> beam.GroupByKey()
            | "WriteManifest" >> beam.FlatMapTuple(self._commit).with_output_types(str)
        )

    def _commit(self, name: str, written: Iterable[WrittenSplit]) -> list[str]:
        run = Run.of(self._folder, name)
        if run.is_given_up():
            return []
        manifest = commit_opened_run(run, list(written))
        if manifest:
            self._runs.inc()
            self._kept.inc(manifest.counts.paragraphs.kept)
        return [name]
