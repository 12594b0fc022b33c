"""The command `ingest`, with a file beside the output that grows by a byte whenever a stream looks at its input."""

import sys
from pathlib import Path
from typing import Any

from pipelines.ingest import main
from pipelines.startup import imports_at_rest

with imports_at_rest():  # as the command imports them
    from pipelines.streaming import stream
    from pipelines.streaming.windows import bundles_there


def count_polls(argv: list[str]) -> None:
    """Counts them in `polls`, in the folder of the output."""
    (output,) = [each.removeprefix("--output=") for each in argv if each.startswith("--output=")]
    polls = Path(output).with_name("polls")

    def counted(*places: Any) -> Any:
        with polls.open("ab") as file:
            file.write(b".")
        return bundles_there(*places)

    stream.bundles_there = counted  # type: ignore[attr-defined]


if __name__ == "__main__":
    count_polls(sys.argv[1:])
    sys.exit(main())
