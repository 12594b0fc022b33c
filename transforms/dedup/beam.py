"""FingerprintSplit and JoinRun: the first pass over the text, and the decision on every paragraph."""

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

import apache_beam as beam

from transforms.bundles.beam import Batch, batches
from transforms.bundles.errors import BundleFailed
from transforms.bundles.reader import read_parts
from transforms.bundles.sources import pack
from transforms.bundles.splits import Split
from transforms.dedup.fingerprints import FingerprintedSplit, write_fingerprint
from transforms.dedup.first_pass import fingerprint_split
from transforms.dedup.one_pass.join import join_run
from transforms.filters.running import Filter, load_filters
from transforms.filters.settings import FilterSettings
from transforms.language.settings import LanguageSettings
from transforms.memory import give_back
from transforms.parallel import Steps, map_in_order
from transforms.runs.run import OnFailure, Run, abort
from transforms.settings import DedupSettings, ReadSettings
from transforms.storage import Folder

Fingerprinted = tuple[str, FingerprintedSplit]


class FingerprintSplit(beam.PTransform):
    """The splits, each with its fingerprint file written; of a split that is read in parts, its parts."""

    def __init__(
        self,
        folder: Folder,
        reading: ReadSettings,
        paragraphs: str,
        language: LanguageSettings,
        settings: DedupSettings,
        threads: int,
        on_failure: OnFailure = abort,
        filters: Sequence[FilterSettings] = (),
    ) -> None:
        super().__init__()
        self._folder, self._reading, self._paragraphs, self._language = folder, reading, paragraphs, language
        self._settings, self._threads, self._on_failure, self._filters = settings, threads, on_failure, filters

    def expand(self, batched: beam.PCollection[Batch]) -> beam.PCollection[Fingerprinted]:
        """One element a split or part, in no order."""
        return batched | "Fingerprint" >> beam.FlatMapTuple(self._fingerprint).with_output_types(Fingerprinted)

    def _fingerprint(self, name: str, splits: tuple[Split, ...]) -> Iterator[Fingerprinted]:
        filters = load_filters(self._filters)  # for all splits of a batch: each function is called to try its settings
        work = partial(self._fingerprint_if_it_can_be_read, Run.of(self._folder, name), filters)
        done = chain.from_iterable(map_in_order(work, splits, self._threads))
        return ((name, each) for each in done)

    def _fingerprint_if_it_can_be_read(
        self, run: Run, filters: Sequence[Filter], split: Split
    ) -> list[FingerprintedSplit]:
        try:
            return self._fingerprint_parts(run, filters, split)
        except BundleFailed as error:
            self._on_failure(run, error)
            return []

    def _fingerprint_parts(self, run: Run, filters: Sequence[Filter], split: Split) -> list[FingerprintedSplit]:
        begun = time.perf_counter()
        done = []
        read = Steps("fingerprint", split.size)
        for part, documents in read_parts(split, self._reading, progress=read):
            fingerprint = fingerprint_split(part, documents, self._paragraphs, self._settings, self._language, filters)
            write_fingerprint(run, part.id, fingerprint)
            source = pack(documents.source_type)
            done.append(FingerprintedSplit(part, time.perf_counter() - begun, len(fingerprint.offset), source))
            begun = time.perf_counter()
            del documents, fingerprint  # not in memory beside the next part's
        read(1)
        return done


class JoinRun(beam.PTransform):
    """The splits in batches, each with its verdict file written; the join's figures stand in a file of the run.

    Args:
        folder: of the corpus.
        settings: the definition of a duplicate.
        threads: of the join.
        batch: splits in a batch; the batches are spread over the workers. None: all of them, for the one that joined.
    """

    def __init__(self, folder: Folder, settings: DedupSettings, threads: int, batch: int | None) -> None:
        super().__init__()
        self._folder, self._settings = folder, settings
        self._threads, self._batch = threads, batch

    def expand(self, splits: beam.PCollection[Fingerprinted]) -> beam.PCollection[Batch]:
        """Batches of splits."""
        together = splits | "ToOneWorker" >> beam.GroupByKey()
        joined = together | "Join" >> beam.FlatMapTuple(self._join).with_output_types(Batch)
        return joined | "Spread" >> beam.Reshuffle() if self._batch else joined

    def _join(self, name: str, fingerprinted: Iterable[FingerprintedSplit]) -> list[Batch]:
        splits = sorted(fingerprinted, key=lambda each: each.split.place)
        run = Run.of(self._folder, name)
        if run.is_given_up():
            return []
        opening = run.opening()
        decided = Steps("join", sum(each.split.size for each in splits if not each.split.part))
        join_run(run, splits, self._settings, opening.earlier, self._threads, opening.header.against, decided)
        decided(1)
        give_back()
        return batches(name, [each.split for each in splits], self._batch or max(1, len(splits)))
