"""One daemon a session; the lock ends with its process, however that ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from live.control.folder import SessionFolder
from live.control.lock import AlreadyRunningError, DaemonLock, is_running

HOLD = """
import sys
from pathlib import Path
from live.control.folder import SessionFolder
from live.control.lock import DaemonLock
lock = DaemonLock(SessionFolder(Path(sys.argv[1])))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    made = SessionFolder.of(tmp_path, "demo")
    made.make()
    return made


def test_a_second_daemon_is_refused_with_the_number_of_the_first(folder: SessionFolder) -> None:
    assert not is_running(folder)
    lock = DaemonLock(folder)
    assert is_running(folder)
    with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"):
        DaemonLock(folder)
    lock.release()
    assert not is_running(folder)
    DaemonLock(folder).release()


def test_a_process_that_is_killed_releases_its_lock(folder: SessionFolder) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError):
            DaemonLock(folder)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    DaemonLock(folder).release()


def test_a_lock_file_with_anything_in_it_is_no_obstacle(folder: SessionFolder) -> None:
    folder.lock.write_bytes(b"\xff" * 5_000)
    lock = DaemonLock(folder)
    assert folder.lock.read_bytes() == str(os.getpid()).encode()
    lock.release()
