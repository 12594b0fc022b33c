"""A job as `ingest` is asked for it: its runs one after the other, and what is said, shown and written of each."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.complaints import explained
from pipelines.config import IngestSettings
from pipelines.job import RunSlice, plan_slices, run_job
from pipelines.runners.interruption import Interruption
from pipelines.runners.running import beam_options, context_of_job, run_slice, runs_in_process
from pipelines.views.attention import passed_over_notices, why_nothing_is_taken
from pipelines.views.progress import with_progress
from pipelines.views.summary import estimate, print_plan, speakers
from pipelines.views.translation import gettext
from transforms import console
from transforms.bundles.listing import Listing
from transforms.dedup.index.references import references_of
from transforms.filters.running import load_filters
from transforms.runs.manifest import Manifest
from transforms.runs.run import CARD
from transforms.segmentation.segmenter import shared_segmenter

NOTHING_NEW = 99  # what schedulers take for "skipped"


@dataclass(frozen=True)
class Request:
    """A request for a job.

    Attributes:
        beam: options of Apache Beam's.
        new_only: take only what no committed run has taken.
        wait: wait while another run is writing to the output.
        quiet: print errors and warnings only.
        strict: let a run that takes nothing in be a failure.
        log_format: `json` for a JSON object a line; `text` for people.
        progress: makes what runs a slice show how far it is; None: as `log_format` says, on standard error.
    """

    beam: Sequence[str] = ()
    new_only: bool = False
    wait: bool = False
    quiet: bool = False
    strict: bool = False
    log_format: str = "text"
    progress: Callable[[RunSlice], RunSlice] | None = None


def run_batch(listing: Listing, settings: IngestSettings, request: Request) -> int:
    """Runs a job to its end; returns the exit code.

    Raises:
        RafidError: what is wrong, in one line; slices that are committed by then stay.
    """
    options = beam_options([*settings.flink.beam_arguments(), *request.beam])
    in_process = runs_in_process(options)
    if in_process:
        shared_segmenter(settings.segmentation)  # what it lacks is said before any work
    say, summarize = speakers(request.log_format, quiet=request.quiet)
    publisher = Publisher(settings, say, time.monotonic)
    committed, vain = False, False
    for manifest in runs_of_job(listing, settings, options, request, say):
        committed = True
        summarize(settings.folder(), manifest)
        if why := why_nothing_is_taken(manifest):
            vain = True
            console.tell(f"rafid: run {manifest.run}: {why}")
        publisher.publish(manifest.run)
    if not committed:
        for each in passed_over_notices(listing.passed_over):
            say(str(each))
        say(gettext("nothing new"))
        publisher.publish()
        return NOTHING_NEW
    return 1 if vain and request.strict else 0


def runs_of_job(
    listing: Listing, settings: IngestSettings, options: PipelineOptions, request: Request, say: Callable[[str], None]
) -> Iterator[Manifest]:
    """The manifests of a job's runs on the runner that `options` name, each as soon as it is committed."""
    in_process, interruption = runs_in_process(options), Interruption()
    runner: RunSlice = partial(run_slice, settings=settings, options=options, say=say, interruption=interruption)
    if in_process and not request.quiet:
        runner = request.progress(runner) if request.progress else with_progress(runner, request.log_format)
    return run_job(
        listing.bundles,
        settings,
        runner,
        in_process=in_process,
        new_only=request.new_only,
        wait=request.wait,
        reports=in_process and settings.run.report,
        notice=say,
        context=context_of_job(settings, options, say, interruption),
        passed_over=listing.passed_over,
    )


def print_estimate(listing: Listing, settings: IngestSettings, beam: Sequence[str], text_bytes: int | None) -> int:
    """Prints what a job would read and is expected to come to; returns the exit code.

    Args:
        listing: its input.
        settings: its settings.
        beam: options of Apache Beam's.
        text_bytes: estimate for so much text; None for what there is.
    """
    options = beam_options([*settings.flink.beam_arguments(), *beam])
    in_process = runs_in_process(options)
    size = sum(bundle.size for bundle in listing.bundles) if text_bytes is None else text_bytes
    references_of(settings.dedup, settings.folder())  # what is wrong is said before any work
    load_filters(settings.filters)
    slices = plan_slices(listing.bundles, settings, in_process=in_process)
    print_plan(listing, slices, settings, estimate(size, settings, in_process=in_process))
    return 0


class Publisher:
    """Publishes what people look at: the reports that are due and the card; a failure is a warning, for the runs stand.

    Where `run.report` is off, or the output has no run yet, nothing is written but a card anew that is there.
    """

    def __init__(self, settings: IngestSettings, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._settings, self._say, self._clock = settings, say, clock
        self._due = ""  # the last run that is not published
        self._next = clock()

    def note(self, run: str) -> None:
        """Notes a run that has been committed."""
        self._due = run

    def look(self, *, now: bool = False) -> None:
        """Publishes where a run is due, and `run.report_every` has passed since the last time, or with `now`."""
        if self._due and (now or self._clock() >= self._next):
            self.publish(self._due)
            self._next = self._clock() + self._settings.run.report_every

    def publish(self, run: str = "") -> None:
        """Publishes at once; `run` was just committed, or is empty: a killed process may have left reports due."""
        self._due = ""
        output = self._settings.folder()
        try:
            if self._settings.run.report:
                from pipelines.views.publishing import publish  # noqa: PLC0415 - templates are of no use before

                for url in publish(output):
                    self._say(url)
            elif output.is_file(CARD):
                from pipelines.views.card import renew_card  # noqa: PLC0415

                renew_card(output)
        except Exception as error:
            known = f"run {run} is committed, but its report is not written" if run else "reports are not written"
            console.tell(f"rafid: {known}: {explained(error)}")
