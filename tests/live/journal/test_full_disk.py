"""A disk that takes no more: no order leaves, and the journal stays whole and can be continued."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from live.journal.errors import JournalError
from live.journal.opening import new_journal
from live.journal.settings import Fsync
from live.journal.sinks import FileSink
from live.journal.writer import JournalWriter
from tests.live.journal.examples import START_NS, tick
from tests.live.journal.filling import left
from tests.repository import ROOT

FILLING = (sys.executable, "-m", "tests.live.journal.filling")
SMALL_DISK = 'mount -t tmpfs -o size=128k tmpfs "$1" && shift && exec "$@"'


def small_disk(folder: Path) -> tuple[str, ...]:
    """The beginning of a command that runs with a file system of 128 kB at `folder`; skips where none can be made."""
    for flags in (("-m",), ("-r", "-m")):
        mounted = ("unshare", *flags, "sh", "-c", SMALL_DISK, "sh", str(folder))
        try:
            tried = subprocess.run([*mounted, "true"], capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("no `unshare` on this machine, so no small file system can be mounted")
        if tried.returncode == 0:
            return mounted
    pytest.skip("this machine lets no test mount a small file system")


def outcome(*command: str) -> dict[str, Any]:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def require_safe(found: dict[str, Any], reason: str) -> None:
    """Each order that left has its two records; the header, the start, and at most a block more are there."""
    assert found["orders"] > 10
    assert reason in found["refusal"]
    assert found["again"] == 0
    assert found["same"]
    assert found["records"] - 2 - 2 * found["orders"] in (0, 1)
    assert found["continued"] == 1
    assert not found["torn"]


def test_on_a_full_disk_no_order_leaves_and_the_journal_goes_on_when_there_is_room(tmp_path: Path) -> None:
    require_safe(outcome(*small_disk(tmp_path), *FILLING, str(tmp_path)), "No space left on device")


@pytest.mark.parametrize("limit", [20_000, 20_001, 20_117])
def test_a_write_that_is_cut_off_in_the_middle_leaves_no_half_record(tmp_path: Path, limit: int) -> None:
    require_safe(outcome(*FILLING, str(tmp_path), str(limit)), "File too large")


@pytest.mark.parametrize("policy", [Fsync.EACH_ORDER, Fsync.INTERVAL])
def test_a_disk_that_cannot_force_its_data_ends_the_journal(policy: Fsync) -> None:
    """A pipe takes bytes and refuses fsync."""
    reader, end = os.pipe()
    writer = JournalWriter(FileSink(end, Path("a.journal")), policy)
    orders, refusal = left(writer, 0)
    assert orders == 0
    assert "cannot be forced to the disk" in refusal
    with pytest.raises(JournalError, match="cannot be forced to the disk"):
        writer.event(tick(101))
    os.close(reader)
    writer.close()


def test_a_device_without_room_refuses_the_first_record() -> None:
    writer = JournalWriter(FileSink(os.open("/dev/full", os.O_WRONLY), Path("a.journal")))
    with pytest.raises(JournalError, match=r"No space left on device\. No order leaves"):
        writer.begin(START_NS, "r1")
    assert writer.sequence == 0


def test_a_journal_in_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(JournalError, match=r"cannot be made: File exists\."):
        new_journal(tmp_path / "file" / "a.journal", START_NS, "r1")
