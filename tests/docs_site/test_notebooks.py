"""The notebooks run from top to bottom on what is in the repository, print text only, and are stored without output."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tests.repository import ROOT

nbformat = pytest.importorskip("nbformat", reason="nbclient is not installed; make setup installs it")
nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed; make setup installs it")

FOLDER = ROOT / "docs" / "notebooks"
SAYS = {
    "first_backtest": [
        "sample (synthetic)",
        "unchanged when later bars are removed",
        "Sharpe",
        "20 bps per side: equity",
    ],
    "tape": ["in sync: True", "breaks in the chain: 1", "in sync at the end: False", "prices: None"],
    "verdict": ["synthetic, so no verdict", "32 combinations", "FAIL", "Walk-forward mean Sharpe", "Trials counted:"],
}


def cells_of(name: str) -> list[dict[str, Any]]:
    """The cells as stored."""
    cells: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return cells


@pytest.fixture
def run_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep Jupyter from writing into the home of the user."""
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


def test_every_notebook_is_known_here() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == sorted(SAYS)


@pytest.mark.parametrize("name", SAYS)
def test_a_notebook_is_stored_without_output_and_explains_its_code(name: str) -> None:
    cells = cells_of(name)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert all(before["cell_type"] == "markdown" for before, cell in itertools.pairwise(cells) if cell in code)


@pytest.mark.usefixtures("workspace", "run_folders")
@pytest.mark.parametrize("name", SAYS)
def test_a_notebook_runs_and_shows_text_only(name: str) -> None:
    book = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    client = nbclient.NotebookClient(book, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    assert {(output.output_type, output.get("name")) for output in outputs} == {("stream", "stdout")}
    text = "".join(output.text for output in outputs)
    assert [words for words in SAYS[name] if words not in text] == []
