"""A job as `ingest` is asked for it: its runs one after the other, and what is said, shown and written of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from pipelines.complaints import explained
from pipelines.config import IngestSettings
from pipelines.job import RunSlice, plan_slices, run_job
from pipelines.runners.running import beam_options, run_slice, runs_in_process
from pipelines.views.attention import passed_over_notices
from pipelines.views.summary import estimate, print_plan, speakers, with_progress
from transforms import console
from transforms.bundles.listing import Listing
from transforms.runs.naming import check_id
from transforms.segmentation.segmenter import shared_segmenter
from transforms.shards.corpus import Corpus
from transforms.storage import Folder

NOTHING_NEW = 99  # what schedulers take for "skipped"


@dataclass(frozen=True)
class Request:
    """A request for a job.

    Attributes:
        beam: options of Apache Beam's.
        new_only: take only what no committed run has taken.
        wait: wait while another run is writing to the output.
        quiet: print errors only.
        log_format: `json` for a JSON object a line; `text` for people.
    """

    beam: Sequence[str] = ()
    new_only: bool = False
    wait: bool = False
    quiet: bool = False
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
    runner: RunSlice = partial(run_slice, settings=settings, options=options, say=say)
    if in_process and not request.quiet:
        runner = with_progress(runner, request.log_format)
    runs = run_job(
        listing.bundles,
        settings,
        runner,
        in_process=in_process,
        new_only=request.new_only,
        wait=request.wait,
        notice=say,
        passed_over=listing.passed_over,
    )
    committed = False
    for manifest in runs:
        committed = True
        summarize(settings.folder(), manifest)
        if in_process and settings.run.report:
            write_views(settings.folder(), manifest.run, say)
    if not committed:
        for each in passed_over_notices(listing.passed_over):
            say(str(each))
        say("nothing new")
    return 0 if committed else NOTHING_NEW


def print_estimate(listing: Listing, settings: IngestSettings, beam: Sequence[str], text_bytes: int | None) -> int:
    """Prints what a job would read and is expected to come to; returns the exit code.

    Args:
        listing: its input.
        settings: its settings.
        beam: options of Apache Beam's.
        text_bytes: estimate for so much text; None for what there is.
    """
    check_id(settings.run.id)
    options = beam_options([*settings.flink.beam_arguments(), *beam])
    in_process = runs_in_process(options)
    size = sum(bundle.size for bundle in listing.bundles) if text_bytes is None else text_bytes
    slices = plan_slices(listing.bundles, settings, in_process=in_process)
    print_plan(listing, slices, settings, estimate(size, settings, in_process=in_process))
    return 0


def write_views(output: Folder, run: str, say: Callable[[str], None]) -> None:
    """Writes the report of a committed run and the card, and says where; a failure is a warning, for the run stands."""
    from pipelines.views.card import write_card  # noqa: PLC0415 - templates are of no use before
    from pipelines.views.report import write_report  # noqa: PLC0415

    try:
        corpus = Corpus(output)
        say(write_report(corpus, run))
        write_card(corpus)
    except Exception as error:
        console.tell(f"rafid: run {run} is committed, but its report is not written: {explained(error)}")
