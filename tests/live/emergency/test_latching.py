"""An emergency stop kills the sessions of its venue, so that no daemon comes back trading."""

from pathlib import Path

import pytest

from live.control.folder import SessionFolder
from live.control.latch import latched, release, set_latch
from live.emergency.latching import REASON, latch_sessions, sessions_at


def session(home: Path, name: str, status: bytes = b"") -> SessionFolder:
    """A session whose last status is these bytes."""
    folder = SessionFolder.of(home, name)
    folder.make()
    folder.status.write_bytes(status)
    return folder


def test_sessions_of_the_venue_and_those_that_tell_none_are_meant(tmp_path: Path) -> None:
    session(tmp_path, "demo", b'{"venue":"demo"}')
    session(tmp_path, "paper", b'{"venue":"simulator"}')
    session(tmp_path, "torn", b'{"venue":"si')
    assert [folder.name for folder in sessions_at(tmp_path, "simulator")] == ["paper", "torn"]


def test_a_session_is_latched_and_its_daemon_finds_the_file_that_kills_it(tmp_path: Path) -> None:
    folder = SessionFolder.of(tmp_path, "not-made-yet")
    assert latch_sessions([folder], 7) == ("not-made-yet",)
    latch = latched(folder)
    assert latch is not None
    assert (latch.reason, latch.since_ns) == (REASON, 7)
    assert folder.kill_file.exists()
    release(folder)
    assert (latched(folder), folder.kill_file.exists()) == (None, False)


def test_an_earlier_reason_stays(tmp_path: Path) -> None:
    folder = session(tmp_path, "paper")
    set_latch(folder, "daily_loss", 5)
    latch_sessions([folder], 7)
    latch = latched(folder)
    assert latch is not None
    assert (latch.reason, latch.since_ns) == ("daily_loss", 5)


@pytest.mark.parametrize("blocked", ["paper", "paper/journals"])
def test_a_session_that_cannot_be_latched_keeps_the_others_from_nothing(tmp_path: Path, blocked: str) -> None:
    file = tmp_path / "live" / "sessions" / blocked
    file.parent.mkdir(parents=True)
    file.touch()
    assert latch_sessions([SessionFolder.of(tmp_path, "paper"), SessionFolder.of(tmp_path, "other")], 7) == ("other",)
