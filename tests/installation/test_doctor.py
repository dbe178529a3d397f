"""`twokey doctor`: says what holds and where it comes from, gives a remedy with each problem, and shows no secret."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skills_lib.installation.doctor.examine import examine
from skills_lib.installation.doctor.model import Diagnosis, Finding
from skills_lib.installation.doctor.server_checks import check_servers
from skills_lib.progress import no_progress
from skills_lib.settings import Settings
from tests.command import Command
from tests.repository import ROOT

NO_SERVERS = '{"mcpServers": {}}'


@pytest.fixture
def home(workspace: Settings) -> Path:
    """A workspace without servers to start, and with the command that skills name."""
    (workspace.home / ".mcp.json").write_text(NO_SERVERS, encoding="utf-8")
    command = workspace.home / ".venv" / "bin" / "twokey"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n", encoding="utf-8")
    command.chmod(0o755)
    return workspace.home


def found(topic: str, diagnosis: Diagnosis) -> list[Finding]:
    return [finding for finding in diagnosis.findings if finding.topic == topic]


def test_a_sound_workspace_is_described_and_nothing_is_broken(home: Path, twokey: Command) -> None:
    done = twokey("doctor")
    assert done.code == 0, done.out
    assert f"- workspace: {home}, found by TWOKEY_HOME" in " ".join(done.out.split())
    assert str(Settings().ledger_dir / "trials.sqlite") in done.out
    assert "Nothing is broken." in done.out
    assert not json.loads(twokey("doctor", "--json").out)["broken"]
    assert not list(home.glob("backtests/*")), "looking changes nothing"


def test_every_setting_is_shown_with_the_place_it_comes_from(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "twokey.toml").write_text("cash = 1\nleverage = 2", encoding="utf-8")
    (home / ".env").write_text("TWOKEY_CASH=3\n", encoding="utf-8")
    monkeypatch.setenv("TWOKEY_WORKERS", "2")
    shown = {setting.name: (setting.value, setting.source) for setting in examine(no_progress).settings}
    assert shown["cash"] == ("3", str(home / ".env"))
    assert shown["leverage"] == ("2", str(home / "twokey.toml"))
    assert shown["workers"] == ("2", "TWOKEY_WORKERS")
    assert shown["costs"] == ("default", "default")
    assert set(shown) == set(Settings.model_fields) - {"home"}


def test_no_credential_and_no_value_of_another_variable_is_printed(
    home: Path, twokey: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWOKEY_EXCHANGE_URL", "http://me:hunter2@mirror.invalid:8080/x")
    monkeypatch.setenv("TWOKEY_ARCHIVE_URL", "https://token-hunter2@mirror.invalid")
    monkeypatch.setenv("TWOKEY_STREAMS_HOST", "wss://mirror.invalid/x?token=hunter2")
    monkeypatch.setenv("TWOKEY_API_SECRET", "hunter2")
    (home / ".env").write_text("BINANCE_SECRET=hunter2\n", encoding="utf-8")
    for arguments in (("doctor",), ("doctor", "--json")):
        done = twokey(*arguments)
        assert "hunter2" not in done.out + done.err
        assert "http://...@mirror.invalid:8080/x" in done.out
        assert "TWOKEY_API_SECRET is no setting" in done.out


def test_a_variable_that_is_no_setting_is_named_with_the_closest_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWOKEY_CSAH", "1")
    (line,) = found("environment", examine(no_progress))
    assert (line.state, line.found) == ("note", "TWOKEY_CSAH is no setting. Did you mean 'TWOKEY_CASH'?")


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("twokey.toml", "csah = 1", "Unknown setting csah"),
        ("twokey.toml", "cash = ", "is not TOML"),
        (".env", "TWOKEY_CASH=x", "TWOKEY_CASH in"),
        (".env", "TWOKEY_HOME=/x", "TWOKEY_HOME in"),
    ],
)
def test_a_wrong_settings_file_is_broken_with_its_remedy(
    home: Path, twokey: Command, name: str, text: str, reason: str
) -> None:
    (home / name).write_text(text, encoding="utf-8")
    done = twokey("doctor", "--json")
    assert done.code == 1
    answer = json.loads(done.out)
    (broken,) = [finding for finding in answer["findings"] if finding["state"] == "broken"]
    assert answer["broken"]
    assert broken["topic"] == "settings"
    assert reason in broken["found"]
    assert broken["remedy"]


def test_a_relative_home_is_broken(twokey: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOKEY_HOME", "ws")
    diagnosis = examine(no_progress)
    assert found("workspace", diagnosis)[0].state == "broken"
    assert "relative path" in found("workspace", diagnosis)[0].found


def test_skills_without_the_command_they_call_are_broken(home: Path) -> None:
    (home / ".venv" / "bin" / "twokey").unlink()
    (finding,) = found("command", examine(no_progress))
    assert (finding.state, finding.remedy) == ("broken", f"Run `twokey init {home}`.")


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root needs setpriv to give rights up")
def test_a_ledger_that_cannot_be_written_is_broken(home: Path) -> None:
    folder = Settings().ledger_dir
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    as_others = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    command = [*as_others, sys.executable, "-c", "from scripts.cli import main; main()", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    folder.chmod(0o700)
    findings = json.loads(done.stdout)["findings"]
    finding = next(one for one in findings if one["topic"] == "ledger")
    assert (done.returncode, finding["state"]) == (1, "broken")
    assert "chmod u+w" in finding["remedy"]


def test_a_ledger_below_a_file_is_broken(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TWOKEY_LEDGER_DIR", str(tmp_path / "file" / "ledger"))
    finding = found("ledger", examine(no_progress))[0]
    assert (finding.state, "TWOKEY_LEDGER_DIR" in finding.remedy) == ("broken", True)


def test_a_ledger_that_others_can_write_is_noted(home: Path) -> None:
    folder = Settings().ledger_dir
    folder.mkdir(parents=True)
    (folder / "trials.sqlite").write_bytes(b"")
    (folder / "trials.sqlite").chmod(0o666)
    finding = found("ledger", examine(no_progress))[0]
    assert (finding.state, finding.remedy) == ("note", f"chmod go-w {folder / 'trials.sqlite'}")


def test_each_configured_server_is_started_and_its_tools_counted(
    workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setenv("TWOKEY_PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    servers = json.loads((ROOT / ".mcp.json").read_text(encoding="utf-8"))["mcpServers"]
    text = json.dumps({"mcpServers": {"market": servers["market"]}})
    (workspace.home / ".mcp.json").write_text(text, encoding="utf-8")
    (finding,) = check_servers(workspace.home)
    assert finding.state == "ok", finding.found
    assert int(finding.found.split()[0]) >= 8


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ({"command": "no_such_program"}, "No such file"),
        ({"command": "sh", "args": ["-c", "echo the reason >&2; exit 3"]}, "the reason"),
        ({"command": "sh", "args": ["-c", "echo not JSON"]}, "does not start"),
        ({"command": "${NOWHERE:-false}"}, "does not start"),
    ],
)
def test_a_server_that_does_not_start_is_broken_with_the_reason(
    workspace: Settings, server: dict[str, object], reason: str
) -> None:
    (workspace.home / ".mcp.json").write_text(json.dumps({"mcpServers": {"x": server}}), encoding="utf-8")
    (finding,) = check_servers(workspace.home)
    assert finding.state == "broken"
    assert reason in finding.found
    assert finding.remedy


@pytest.mark.parametrize(
    "text", ["", "[]", '{"mcpServers": 3}', '{"mcpServers": {"x": 3}}', '{"mcpServers": {"x": {"command": 3}}}']
)
def test_a_server_file_that_cannot_be_understood_is_broken(workspace: Settings, text: str) -> None:
    (workspace.home / ".mcp.json").write_text(text, encoding="utf-8")
    (finding,) = check_servers(workspace.home)
    assert (finding.state, finding.found) == ("broken", f"{workspace.home}/.mcp.json cannot be understood")
