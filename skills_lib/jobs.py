"""Starts, watches and cancels background jobs, which run in processes of their own and outlive their parent.

A job is a folder: `request.json` (its arguments), `state.json` (replaced atomically), `output.json` (standard output),
`log.txt` (standard error), and `lock`, held by the job's process. The operating system releases the lock when the
process ends for any reason. A state of "running" without a held lock therefore means that the job died, and a process
id is signalled only while the lock proves that it still belongs to the job.
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
from pydantic import BaseModel

from skills_lib.domain.errors import InputError, TwokeyError, did_you_mean
from skills_lib.domain.models import FrozenModel
from skills_lib.progress import Progress

State = Literal["starting", "running", "done", "failed", "cancelled", "died"]

START_SECONDS = 60.0
CANCEL_SECONDS = 15.0
_POLL_SECONDS = 0.05


class JobStatus(FrozenModel):
    """State of one job. `done` of `total`: progress; `error`: one line, empty unless it failed; times are UTC."""

    job_id: str
    verb: str
    state: State
    pid: int
    done: int = 0
    total: int = 0
    message: str = ""
    error: str = ""
    started_at: str
    updated_at: str


class JobStore:
    """The jobs stored under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def start(self, command: Sequence[str], verb: str, request: BaseModel) -> JobStatus:
        """Run `command FOLDER` as a job; equal requests are the same job.

        A running job is returned unchanged. A job that ended is started again and resumes from its saved progress.
        `command` must work inside `run_as_job(FOLDER)` and read its request with `read_request_text(FOLDER)`.
        """
        text = request.model_dump_json(indent=2)
        job_id = _job_id(text)
        folder = self.root / job_id
        if folder.is_dir() and self._is_alive(folder):
            return self.get(job_id)
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / "request.json", text)
        _write_state(folder, _new_status(job_id, verb))
        process = _spawn([*command, str(folder)], folder)
        (folder / "pid").write_text(str(process.pid), encoding="ascii")
        return self.get(job_id)

    def get(self, job_id: str) -> JobStatus:
        """The current state of a job.

        Raises:
            InputError: no such job.
        """
        folder = self.root / job_id
        found = _read_state(folder)
        if found is None:
            ids = sorted(path.parent.name for path in self.root.glob("*/state.json"))
            raise InputError(f"Unknown job '{job_id}'.{did_you_mean(job_id, ids)} There are {len(ids)} jobs.")
        if found.state == "starting":
            return self._started(folder, found)
        if found.state == "running" and not self._is_alive(folder):
            latest = _read_state(folder)  # it may have ended since the first read
            return latest if latest and latest.state != "running" else _died(found, folder)
        return found

    def cancel(self, job_id: str) -> JobStatus:
        """Interrupt a running job as ctrl-C would, so that it saves its progress; kill it if it does not stop.

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
        """Standard output of a job, complete once the job is done."""
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
        """State of a job that has not reported yet: still starting, or dead before its first report."""
        age = datetime.now(UTC) - datetime.fromisoformat(found.started_at)
        if _may_be_running(folder / "pid") and age.total_seconds() < START_SECONDS:
            return found
        latest = _read_state(folder)
        return latest if latest and latest.state != "starting" else _died(found, folder)


@contextmanager
def run_as_job(folder: Path) -> Iterator[Progress]:
    """Run as the job in `folder`: hold its lock, update its state file, and yield the progress callback.

    Raises:
        TwokeyError: another process is running this job.
    """
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=START_SECONDS)
    except Timeout:
        raise TwokeyError(f"Job {folder.name} is already running. Wait for it or cancel it first.") from None
    with lock:
        state = _LiveState(folder)
        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, signal.default_int_handler)  # the parent process may have ignored them
        try:
            yield state.progress
        except KeyboardInterrupt:
            state.end("cancelled", "")
            raise
        except BaseException as error:
            state.end("failed", " ".join(str(error).split()) or type(error).__name__)
            raise
        state.end("done", "")


def read_request_text(folder: Path) -> str:
    """The JSON text of the request of the job in `folder`.

    Raises:
        InputError: the request is missing, or it was changed after the job was started.
    """
    try:
        text = (folder / "request.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read the request of job {folder.name}: {error}. Start the job again.") from None
    if _job_id(text) != folder.name:
        raise InputError(f"The request of job {folder.name} was changed after its start. Start the job again.")
    return text


def is_fetch(text: str) -> bool:
    """Whether a request is one to download candles."""
    try:
        content = json.loads(text)
    except ValueError:  # which the parser of the request reports
        return False
    return isinstance(content, dict) and content.get("verb") == "fetch"


class _LiveState:
    def __init__(self, folder: Path) -> None:
        self._folder, self._saved_percent = folder, -1
        before = _read_state(folder) or _new_status(folder.name, "")
        self._job = before.model_copy(update={"state": "running", "pid": os.getpid(), "error": ""})
        self._save({})

    def progress(self, done: int, total: int, message: str) -> None:
        percent = 100 * done // total if total else done
        if percent != self._saved_percent:
            self._saved_percent = percent
            self._save({"done": done, "total": total, "message": message})

    def end(self, state: State, error: str) -> None:
        self._save({"state": state, "error": error})

    def _save(self, changed: dict[str, object]) -> None:
        self._job = self._job.model_copy(update=changed | {"updated_at": _now()})
        _write_state(self._folder, self._job)


def _spawn(command: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / "output.json").open("wb") as out, (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, start_new_session=True)
    threading.Thread(target=process.wait, daemon=True).start()  # else it stays a zombie as long as its parent lives
    return process


def _new_status(job_id: str, verb: str) -> JobStatus:
    now = _now()
    return JobStatus(job_id=job_id, verb=verb, state="starting", pid=0, started_at=now, updated_at=now)


def _died(found: JobStatus, folder: Path) -> JobStatus:
    log = folder / "log.txt"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    reason = lines[-1] if lines else "It was killed, or the machine stopped."
    error = f"The job's process ended without reporting a result. {reason}"
    return found.model_copy(update={"state": "died", "error": error[:500]})


def _may_be_running(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text(encoding="ascii")), 0)
    except (FileNotFoundError, PermissionError):  # not written yet, or reused by another user's process
        return True
    except (ProcessLookupError, ValueError):
        return False
    return True


def _read_state(folder: Path) -> JobStatus | None:
    try:
        return JobStatus.model_validate_json((folder / "state.json").read_bytes())
    except (OSError, ValueError):
        return None


def _write_state(folder: Path, job: JobStatus) -> None:
    _replace(folder / "state.json", job.model_dump_json(indent=2))


def _replace(file: Path, text: str) -> None:
    scratch = file.with_name(f".{file.stem}-{os.getpid()}-{threading.get_ident()}")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(file)


def _job_id(request: str) -> str:
    return hashlib.sha256(request.encode()).hexdigest()[:12]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
