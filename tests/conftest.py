"""What every test may ask for: a workspace of its own and, where a checkout has them, the shared recordings."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest

from skills_lib.settings import Settings
from tests.command import Command, make_command

for name, derandomize in {"same-cases": True, "new-cases": False}.items():  # no deadline: a busy machine is no defect
    hypothesis.settings.register_profile(name, deadline=None, derandomize=derandomize)
hypothesis.settings.load_profile("same-cases")  # a change is judged by the cases of the change before; see `make study`

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def somebody_elses_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test writes into the trial ledger of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWOKEY_LEDGER_DIR", str(tmp_path_factory.getbasetemp() / "ledger"))
        yield


@pytest.fixture
def workspace(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an empty workspace and of a user who has tried nothing; a subprocess of the test sees them too."""
    monkeypatch.setenv("TWOKEY_HOME", str(tmp_path))
    monkeypatch.setenv("TWOKEY_LEDGER_DIR", str(tmp_path_factory.getbasetemp() / "ledgers" / uuid4().hex))
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
