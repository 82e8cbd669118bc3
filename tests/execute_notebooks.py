"""The notebooks executed: each notebooks/*.py becomes the .ipynb beside it, outputs included.

`make notebooks` runs it. What differs between two runs, or between two machines, is left out:
execution counts, times, the kernel's version. An .ipynb is replaced whole or not at all.
"""

from __future__ import annotations

import io
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import jupytext
import nbformat
from nbformat import NotebookNode
from PIL import Image
from tqdm import tqdm

from scalargrad.files import write_all

FOLDER = Path(__file__).parent.parent / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def sources(names: Iterable[str] = ()) -> list[Path]:
    """The notebooks as they are edited: all of them, or those whose name begins as one of some."""
    beginnings = tuple(names)
    paths = sorted(FOLDER.glob("*.py"))
    return [p for p in paths if not beginnings or p.name.startswith(beginnings)]


def unexecuted(source: Path) -> NotebookNode:
    """The cells of a notebook, each with an identity that depends on nothing but its text."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    taken: set[str] = set()
    for cell in notebook.cells:
        digest = sha256(f"{cell.cell_type} {cell.source}".encode()).hexdigest()
        cell.id = next(digest[i : i + 8] for i in range(56) if digest[i : i + 8] not in taken)
        cell.metadata = nbformat.from_dict({})
        taken.add(cell.id)
    return notebook


def executed(source: Path) -> NotebookNode:
    """The notebook with its outputs, run in a new kernel and a folder of its own.

    Raises:
        nbclient.exceptions.CellExecutionError: where a cell does.
        ValueError: where one writes to stderr, as warnings do.
    """
    from nbclient import NotebookClient

    notebook = unexecuted(source)
    with TemporaryDirectory() as folder:
        NotebookClient(
            notebook, timeout=120, record_timing=False, resources={"metadata": {"path": folder}}
        ).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = kept(cell.outputs)
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def kept(outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
    """What a notebook keeps of the outputs of a cell: no counts, no PDF, one text for a stream."""
    found: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream":
            if output.name == "stderr":
                raise ValueError(f"a cell warns: {output.text}")
            if found and found[-1].output_type == "stream":
                found[-1].text += output.text
                continue
        elif "data" in output:
            if "execution_count" in output:
                output.execution_count = None
            output.data.pop("application/pdf", None)
            if "image/png" in output.data:
                output.data["image/png"] = smaller(output.data["image/png"])
        found.append(output)
    return found


def smaller(png: str) -> str:
    """A PNG of at most 256 colours, a quarter of the size: our pictures have few."""
    image = Image.open(io.BytesIO(b64decode(png))).convert("RGB")
    file = io.BytesIO()
    image.quantize(256, method=Image.Quantize.MEDIANCUT).save(file, "png", optimize=True)
    return b64encode(file.getvalue()).decode()


def main(names: Sequence[str]) -> None:
    """Execute the notebooks, all or some."""
    import torch  # noqa: F401  # without it the fifth would lose what it keeps of PyTorch

    for source in tqdm(sources(names), disable=None, desc="notebooks"):
        text = nbformat.writes(executed(source)) + "\n"
        write_all([(source.with_suffix(".ipynb"), text.encode())])
        print(f"wrote {source.with_suffix('.ipynb').relative_to(FOLDER.parent)}")


if __name__ == "__main__":
    main(sys.argv[1:])
