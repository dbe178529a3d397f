"""Fixtures of all tests: an empty workspace, the command, and the shared recordings if present."""

import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest

from skills_lib.settings import Settings
from tests.command import Command, make_command

for name, derandomize in {
    "same-cases": True,
    "new-cases": False,
}.items():  # no deadline: a slow machine is not a failure
    hypothesis.settings.register_profile(name, deadline=None, derandomize=derandomize)
hypothesis.settings.load_profile("same-cases")  # reproducible cases; `make study` generates new ones

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that ctrl-C reaches what tests start

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def separate_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests from writing into the trial ledger of the user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWOKEY_LEDGER_DIR", str(tmp_path_factory.getbasetemp() / "ledger"))
        yield


@pytest.fixture(autouse=True)
def separate_runtime_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests from sharing the budget of a host with each other: ports are used again."""
    folder = tmp_path_factory.getbasetemp() / f"runtime-{uuid4().hex}"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))


@pytest.fixture
def workspace(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an empty workspace and an empty ledger, also for subprocesses."""
    monkeypatch.setenv("TWOKEY_HOME", str(tmp_path))
    monkeypatch.setenv("TWOKEY_LEDGER_DIR", str(tmp_path_factory.getbasetemp() / "ledgers" / uuid4().hex))
    return Settings()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real candles and order-book recordings beside the checkout; not committed and not required."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data (real candles and recordings) is not beside this checkout")
    return folder


@pytest.fixture
def twokey(workspace: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The `twokey` command in an empty workspace, on a console wide enough for all tables."""
    monkeypatch.setenv("COLUMNS", "200")
    return make_command(monkeypatch, capsys)
