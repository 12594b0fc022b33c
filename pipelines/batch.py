"""A job as `ingest` is asked for it: its runs one after the other, and what is said, shown and written of each."""

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
from transforms.segmentation.segmenter import shared_segmenter
from transforms.storage import Folder

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
    """

    beam: Sequence[str] = ()
    new_only: bool = False
    wait: bool = False
    quiet: bool = False
    strict: bool = False
    log_format: str = "text"


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
    reports = in_process and settings.run.report
    committed, vain = False, False
    for manifest in runs_of_job(listing, settings, options, request, say):
        committed = True
        summarize(settings.folder(), manifest)
        if why := why_nothing_is_taken(manifest):
            vain = True
            console.tell(f"rafid: run {manifest.run}: {why}")
        if reports:
            publish_views(settings.folder(), manifest.run, say)
    if not committed:
        for each in passed_over_notices(listing.passed_over):
            say(str(each))
        say(gettext("nothing new"))
        if reports:
            publish_views(settings.folder(), "", say)
        return NOTHING_NEW
    return 1 if vain and request.strict else 0


def runs_of_job(
    listing: Listing, settings: IngestSettings, options: PipelineOptions, request: Request, say: Callable[[str], None]
) -> Iterator[Manifest]:
    """The manifests of a job's runs on the runner that `options` name, each as soon as it is committed."""
    in_process, interruption = runs_in_process(options), Interruption()
    runner: RunSlice = partial(run_slice, settings=settings, options=options, say=say, interruption=interruption)
    if in_process and not request.quiet:
        runner = with_progress(runner, request.log_format)
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


def publish_views(output: Folder, run: str, say: Callable[[str], None]) -> None:
    """Writes the reports that are due and the card, and says where; a failure is a warning, for the runs stand.

    Args:
        output: the corpus.
        run: the run that was just committed; empty where none was, but a killed process may have left reports due.
        say: told of each report.
    """
    from pipelines.views.publishing import publish  # noqa: PLC0415 - templates are of no use before

    try:
        for url in publish(output):
            say(url)
    except Exception as error:
        known = f"run {run} is committed, but its report is not written" if run else "reports are not written"
        console.tell(f"rafid: {known}: {explained(error)}")
