"""A clone after `make demo` alone, a venue on loopback, and one client that all tests of a file talk to."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.conversation import Conversation, conversation
from tests.client.core_clone import make_clone
from tests.client.tools import NOWHERE, node_tool
from tests.client.venue import EveryMarket
from tests.market.candles.local_venue import serve
from tests.repository import ROOT

NO_PACKAGES = {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}


@pytest.fixture(scope="session")
def claude() -> str:
    """The real client."""
    return node_tool("claude")


@pytest.fixture(scope="session")
def clone(claude: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone in which `make demo` has run, and nothing else."""
    make = shutil.which("make") or pytest.skip("make is not installed")
    folder = make_clone(tmp_path_factory.mktemp("clone") / "twokey")
    home = {"PATH": os.environ["PATH"], "HOME": str(folder.parent)}
    done = subprocess.run(
        [make, "demo"], cwd=folder, env=home | NO_PACKAGES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Installing" not in done.stderr, "the environment of the clone is not the one that make demo makes"
    return folder


@pytest.fixture(scope="session")
def venue() -> Iterator[EveryMarket]:
    """An exchange that has candles of every symbol and timeframe."""
    market = EveryMarket()
    server = serve(market)
    yield market
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def talk(
    claude: str, clone: Path, venue: EveryMarket, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Conversation]:
    """A client in the clone, with its servers. `make` only prints what it would do: its targets install packages."""
    environment = {"TWOKEY_EXCHANGE_URL": venue.url, "TWOKEY_ARCHIVE_URL": venue.url, "MAKEFLAGS": "n"}
    with conversation(claude, clone, tmp_path_factory.mktemp("home"), environment) as client:
        client.wait_for_servers()
        yield client


@pytest.fixture
def copied_workspace(tmp_path: Path) -> Path:
    """The files agents read, in a folder that a tool may scribble in, with this environment as its `.venv`."""
    folder = tmp_path / "copy"
    for name in (".claude", ".claude-plugin", "plugin"):
        shutil.copytree(ROOT / name, folder / name, symlinks=True)
    for name in (".mcp.json", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder


@pytest.fixture
def stranger(tmp_path: Path, copied_workspace: Path) -> dict[str, str]:
    """The environment of somebody who has trusted the copy, has nothing else configured, and is offline."""
    home = tmp_path / "home"
    home.mkdir()
    trusted = {"projects": {str(copied_workspace): {"hasTrustDialogAccepted": True}}}
    (home / ".claude.json").write_text(json.dumps(trusted), encoding="utf-8")
    offline = {"HTTPS_PROXY": NOWHERE, "HTTP_PROXY": NOWHERE, "DISABLE_AUTOUPDATER": "1"}
    quiet = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1"}
    return {"HOME": str(home), "PATH": os.environ["PATH"], **offline, **quiet}
