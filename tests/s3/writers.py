"""A writer that commits small runs to outputs, as a process of its own: python -m tests.s3.writers NAME SECONDS URLS.

Each run tells in its settings which runs it has seen as committed before it. A line is printed for each output: what
became of the run.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.runs.samples import manifest
from transforms.errors import RunError
from transforms.runs.catalog import committed_runs
from transforms.runs.lock import lock_output
from transforms.runs.run import Run
from transforms.storage import Folder

COMMITTED = "committed"


def commit_one(folder: Folder, name: str, seconds: float) -> str:
    """Commits a run after those that are there; returns COMMITTED, or the error that kept it from that."""
    try:
        with lock_output(folder, name, wait=True, seconds=seconds) as lease:
            earlier = committed_runs(folder)
            run = Run(folder, name)
            files = [folder.write(run.shard("documents", "0"), name.encode())]
            settings = {"dedup": {"scope": "corpus"}, "earlier": [each.run for each in earlier]}
            sequence = 1 + max((each.sequence for each in earlier), default=0)
            run.commit(manifest(name, sequence=sequence, started=name, files=files, settings=settings), lease)
    except RunError as error:
        return f"{type(error).__name__}: {error}"
    return COMMITTED


def main() -> None:
    """Writes to all outputs at the same time, to each once; a URL given again gets one run after the other."""
    name, seconds, *urls = sys.argv[1:]
    rounds: dict[str, int] = {}
    for url in urls:
        rounds[url] = rounds.get(url, 0) + 1

    def work(url: str) -> list[tuple[str, str, str]]:
        runs = [f"{name}-{number}" for number in range(rounds[url])]
        return [(url, run, commit_one(Folder(url), run, float(seconds))) for run in runs]

    with ThreadPoolExecutor(len(rounds)) as pool:
        for done in pool.map(work, rounds):
            for line in done:
                print(json.dumps(line))


if __name__ == "__main__":
    main()
