"""The log is a file of JSON lines that a full disk does not turn into an error, and that holds no secret."""

import json
from pathlib import Path

import pytest

from live.daemon.logs import open_log
from skills_lib import log as shown_log


def test_each_line_is_an_object_with_time_level_event_and_facts(tmp_path: Path) -> None:
    log = open_log(tmp_path / "logs", "simulator")
    log.warning("order_refused", symbol="BTCUSDT", code=-2022)
    (line,) = (tmp_path / "logs" / "simulator.log").read_text().splitlines()
    found = json.loads(line)
    assert found.pop("timestamp").endswith("Z")
    assert found == {"event": "order_refused", "level": "warning", "symbol": "BTCUSDT", "code": -2022}


def test_a_secret_of_the_environment_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOKEY_API_SECRET", "a-very-long-secret")
    shown_log.start(None)
    open_log(tmp_path, "simulator").error("failed", text="signed with a-very-long-secret")
    assert "a-very-long-secret" not in (tmp_path / "simulator.log").read_text()


def test_opening_again_goes_on_in_the_same_file_and_writes_each_line_once(tmp_path: Path) -> None:
    for number in range(2):
        open_log(tmp_path, "simulator").info("started", number=number)
    lines = (tmp_path / "simulator.log").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [0, 1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a Linux device that is a full disk")
def test_a_full_disk_raises_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "simulator.log").symlink_to("/dev/full")
    log = open_log(tmp_path, "simulator")
    for _ in range(10_000):
        log.info("tick")
    assert capsys.readouterr().err == ""
