"""Jobs: long commands in processes of their own, which outlive whoever started them.

A job is a folder: `state.json` (written whole), `output.json` (what the command printed), `log.txt` (what it said on
standard error), and `lock`, which the job's process holds for as long as it lives. The operating system drops the
lock with the process, however it ends, so a state that says "running" without the lock held is a job that died, and
a process id is only ever signalled while the lock proves that it is still the job's.
"""

import hashlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from skills_lib.domain.errors import InputError, TwokeyError, did_you_mean
from skills_lib.domain.models import FrozenModel
from skills_lib.progress import Progress

State = Literal["starting", "running", "done", "failed", "cancelled", "died"]

START_SECONDS = 60.0
CANCEL_SECONDS = 15.0
_POLL_SECONDS = 0.05


class JobStatus(FrozenModel):
    """One job. `done` of `total` is its progress; `error` the one line it failed with; times are UTC."""

    job_id: str
    arguments: list[str]
    state: State
    pid: int
    done: int = 0
    total: int = 0
    message: str = ""
    error: str = ""
    started_at: str
    updated_at: str


class JobStore:
    """The jobs kept under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def start(self, command: Sequence[str], arguments: Sequence[str]) -> JobStatus:
        """Start `command` with `arguments` and this job's folder; the same arguments are the same job.

        A job that is running is returned as it is; one that ended is started again, and goes on where it was.
        `command` gets `--job FOLDER` behind the arguments, and must work inside `reporting(FOLDER)`.
        """
        job_id = hashlib.sha256(json.dumps(list(arguments)).encode()).hexdigest()[:12]
        folder = self.root / job_id
        if folder.is_dir() and self._is_alive(folder):
            return self.get(job_id)
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, _fresh(job_id, list(arguments)))
        process = _spawn([*command, *arguments, "--job", str(folder)], folder)
        (folder / "pid").write_text(str(process.pid), encoding="ascii")
        return self.get(job_id)

    def get(self, job_id: str) -> JobStatus:
        """The job as it stands now.

        Raises:
            InputError: no such job.
        """
        folder = self.root / job_id
        found = _read(folder)
        if found is None:
            ids = sorted(path.parent.name for path in self.root.glob("*/state.json"))
            raise InputError(f"Unknown job '{job_id}'.{did_you_mean(job_id, ids)} There are {len(ids)} jobs.")
        if found.state == "starting":
            return self._started(folder, found)
        if found.state == "running" and not self._is_alive(folder):
            latest = _read(folder)  # it may have ended between the two looks
            return latest if latest and latest.state != "running" else _dead(found, folder)
        return found

    def cancel(self, job_id: str) -> JobStatus:
        """Interrupt a running job as ctrl-C would, so that it keeps what it finished; end it if it does not listen.

        Raises:
            InputError: no such job.
        """
        folder, found = self.root / job_id, self._await_start(job_id)
        for kind in (signal.SIGINT, signal.SIGKILL):
            if not self._signal(folder, found.pid, kind):
                break
            self._await_end(folder)
        return self.get(job_id)

    def output(self, job_id: str) -> str:
        """What a job that is done printed."""
        return (self.root / job_id / "output.json").read_text(encoding="utf-8")

    def _signal(self, folder: Path, pid: int, kind: signal.Signals) -> bool:
        if not self._is_alive(folder):
            return False
        if kind == signal.SIGKILL:
            os.killpg(pid, kind)  # its workers too: the job leads a session of its own
        else:
            os.kill(pid, kind)
        return True

    def _await_start(self, job_id: str) -> JobStatus:
        while (found := self.get(job_id)).state == "starting":
            time.sleep(_POLL_SECONDS)
        return found

    def _await_end(self, folder: Path) -> None:
        deadline = time.monotonic() + CANCEL_SECONDS
        while self._is_alive(folder) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _is_alive(self, folder: Path) -> bool:
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    def _started(self, folder: Path, found: JobStatus) -> JobStatus:
        """A job between its start and its first word: alive as a process, or gone before it could speak."""
        age = datetime.now(UTC) - datetime.fromisoformat(found.started_at)
        if _exists(folder / "pid") and age.total_seconds() < START_SECONDS:
            return found
        latest = _read(folder)
        return latest if latest and latest.state != "starting" else _dead(found, folder)


@contextmanager
def reporting(folder: Path) -> Iterator[Progress]:
    """Run as the job in `folder`: hold its lock, keep its state, and yield where progress goes.

    Raises:
        TwokeyError: another process is this job already.
    """
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=START_SECONDS)
    except Timeout:
        raise TwokeyError(f"Job {folder.name} is already running. Wait for it, or cancel it first.") from None
    with lock:
        state = _LiveState(folder)
        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, signal.default_int_handler)  # whoever started us may have ignored them
        try:
            yield state.progress
        except KeyboardInterrupt:
            state.end("cancelled", "")
            raise
        except BaseException as error:
            state.end("failed", " ".join(str(error).split()) or type(error).__name__)
            raise
        state.end("done", "")


class _LiveState:
    def __init__(self, folder: Path) -> None:
        self._folder, self._told = folder, -1
        before = _read(folder) or _fresh(folder.name, [])
        self._job = before.model_copy(update={"state": "running", "pid": os.getpid(), "error": ""})
        self._save({})

    def progress(self, done: int, total: int, message: str) -> None:
        percent = 100 * done // total if total else done
        if percent != self._told:
            self._told = percent
            self._save({"done": done, "total": total, "message": message})

    def end(self, state: State, error: str) -> None:
        self._save({"state": state, "error": error})

    def _save(self, changed: dict[str, object]) -> None:
        self._job = self._job.model_copy(update=changed | {"updated_at": _now()})
        _write(self._folder, self._job)


def _spawn(command: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / "output.json").open("wb") as out, (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, start_new_session=True)
    threading.Thread(target=process.wait, daemon=True).start()  # else it stays a zombie as long as its parent lives
    return process


def _fresh(job_id: str, arguments: list[str]) -> JobStatus:
    now = _now()
    return JobStatus(job_id=job_id, arguments=arguments, state="starting", pid=0, started_at=now, updated_at=now)


def _dead(found: JobStatus, folder: Path) -> JobStatus:
    log = folder / "log.txt"
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    reason = said[-1] if said else "It was killed, or the machine went down."
    return found.model_copy(update={"state": "died", "error": f"The job ended without a word. {reason}"[:500]})


def _exists(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text(encoding="ascii")), 0)
    except (FileNotFoundError, PermissionError):  # about to be written, or somebody else's by now
        return True
    except (ProcessLookupError, ValueError):
        return False
    return True


def _read(folder: Path) -> JobStatus | None:
    try:
        return JobStatus.model_validate_json((folder / "state.json").read_bytes())
    except (OSError, ValueError):
        return None


def _write(folder: Path, job: JobStatus) -> None:
    scratch = folder / f".state-{os.getpid()}-{threading.get_ident()}"
    scratch.write_text(job.model_dump_json(indent=2), encoding="utf-8")
    scratch.replace(folder / "state.json")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
