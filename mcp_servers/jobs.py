"""Background jobs that tools start, watch and cancel. They are processes of their own and outlive the server."""

import sys
import time

from pydantic import BaseModel

from mcp_servers.wording import for_caller
from skills_lib.domain.errors import InputError
from skills_lib.jobs import JobStatus, JobStore
from skills_lib.progress import Progress
from skills_lib.settings import Settings

RUNNING = ("starting", "running")
_POLL_SECONDS = 0.2


def job_store() -> JobStore:
    """The jobs of the workspace."""
    return JobStore(Settings().jobs_dir)


def start_job(verb: str, request: BaseModel) -> JobStatus:
    """Start a job; equal requests are the same one, and one that ended resumes from its saved progress."""
    safe_path = ["-P"] if sys.flags.safe_path else []
    return job_store().start([sys.executable, *safe_path, "-m", "scripts.run_job"], verb, request)


def find_job(job_id: str, verbs: tuple[str, ...], sibling: str) -> JobStatus:
    """The state of a job of one of `verbs`; `sibling`: the tool that reads the others.

    Raises:
        InputError: unknown job, or one of another kind.
    """
    job = job_store().get(job_id)
    if job.verb not in verbs:
        raise InputError(f"Job {job_id} is a {job.verb}. Call {sibling} for it.")
    return job


def wait_for_end(job: JobStatus, seconds: float, progress: Progress) -> JobStatus:
    """The state once the job has ended, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while job.state in RUNNING and time.monotonic() < deadline:
        progress(job.done, job.total, job.message)
        time.sleep(_POLL_SECONDS)
        job = job_store().get(job.job_id)
    return job


def answer_fields(job: JobStatus, next_steps: dict[str, str]) -> dict[str, object]:
    """The fields of a `JobAnswer`; `next_steps`: a sentence by state, with {job} for its id."""
    fields = job.model_dump(include={"job_id", "state", "done", "total", "message", "started_at"})
    return fields | {"error": for_caller(job.error), "next_step": next_steps[job.state].format(job=job.job_id)}
