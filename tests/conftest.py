"""What every test may ask for: a workspace of its own and, where a checkout has them, the shared recordings."""

from pathlib import Path
from uuid import uuid4

import pytest

from skills_lib.settings import Settings
from tests.command import Command, make_command

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def own_ledger(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the trial ledger of whoever runs it; the folder is made when something is counted."""
    folder = tmp_path_factory.getbasetemp() / "ledgers"
    monkeypatch.setenv("TWOKEY_LEDGER_DIR", str(folder / uuid4().hex))


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an empty workspace; a subprocess started in the test sees it too."""
    monkeypatch.setenv("TWOKEY_HOME", str(tmp_path))
    return Settings()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real candles and order-book recordings beside a checkout; never committed, never required."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data (real candles and recordings) is not beside this checkout")
    return folder


@pytest.fixture
def twokey(workspace: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The `twokey` command in an empty workspace, wide enough that no table is cut."""
    monkeypatch.setenv("COLUMNS", "200")
    return make_command(monkeypatch, capsys)
