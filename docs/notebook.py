"""The notebook of the tutorial as a page of the site; `python -m docs.notebook` runs and saves it."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
NOTEBOOK = DOCS / "tutorial.ipynb"
_HEAD = "[This page as a notebook](tutorial.ipynb)\n"


def page() -> str:
    """The notebook in Markdown: its words as they are, its code and what came of it in blocks."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    title, *rest = ["\n\n".join(_blocks(cell)) for cell in cells]
    head, _, words = title.partition("\n")
    return "\n\n".join([f"{head}\n\n{_HEAD}{words}", *rest]) + "\n"


def _blocks(cell: dict[str, Any]) -> list[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source]
    return [f"```python\n{source}\n```", *map(_output, cell["outputs"])]


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {"text/plain": output.get("text", "")})
    if "text/html" in data:
        return "".join(data["text/html"])
    return f"```text\n{''.join(data['text/plain']).rstrip()}\n```"


def executed(folder: Path, first: str = "") -> dict[str, Any]:
    """The notebook with what its cells give in a kernel of this Python.

    Args:
        folder: stands for the project: the kernel begins in its folder `docs`, beside which `seeds` is.
        first: code that the kernel runs before the notebook.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    import nbformat  # noqa: PLC0415 - a page is made without
    from nbclient import NotebookClient  # noqa: PLC0415

    (folder / "docs").mkdir(exist_ok=True)
    (folder / "seeds").symlink_to(DOCS.parent / "seeds")
    path = f"import sys\nsys.path.insert(1, {str(DOCS.parent)!r})\n"
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(path + first))
    place = {"metadata": {"path": str(folder / "docs")}}
    client = NotebookClient(notebook, timeout=300, startup_timeout=300, resources=place)
    client.execute()
    del notebook.cells[0]
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = None
    return dict(notebook)


def main() -> int:
    """Runs the notebook and saves it with what came of it; returns the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = executed(Path(folder))
    NOTEBOOK.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
