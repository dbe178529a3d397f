"""`twokey live drill` and what is kept of it."""

from pathlib import Path

import pytest

from live.account.drill import Drill, Rehearsed
from live.control.folder import SessionFolder
from live.emergency.drill import NEVER, keep, last_drill
from tests.command import Command


def kept(folder: SessionFolder, *, passed: bool) -> str:
    """What is shown of a drill of 2026."""
    keep(folder, Drill(1_790_000_000_000_000_000, 5, (), (Rehearsed("close BTCUSDT 0.01", passed, "accepted"),)))
    return last_drill(folder)


def test_the_date_of_the_last_drill_is_kept_and_a_failure_with_it(tmp_path: Path) -> None:
    folder = SessionFolder.of(tmp_path, "simulator-paper")
    assert last_drill(folder) == NEVER
    assert kept(folder, passed=True) == "2026-09-21T14:13:20+00:00"
    assert kept(folder, passed=False) == "2026-09-21T14:13:20+00:00 failed"


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"time_ns":1e300,"passed":true,"failed":[]}'])
def test_a_record_that_cannot_be_read_is_no_drill(tmp_path: Path, content: bytes) -> None:
    folder = SessionFolder.of(tmp_path, "simulator-paper")
    folder.make()
    folder.drill.write_bytes(content)
    assert last_drill(folder) == NEVER


def test_a_drill_without_an_exchange_is_a_failure_and_keeps_nothing(twokey: Command) -> None:
    done = twokey("live", "drill", "--host", "127.0.0.1:9", "--session", "paper")
    assert done.code == 1
    assert "answered nothing to /fapi/v1/exchangeInfo" in done.err
