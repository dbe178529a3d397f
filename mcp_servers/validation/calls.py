"""Library calls behind the validation server: starts jobs, reports their state, reads their results."""

import sys

import strategies
from mcp_servers.validation import answers as answers
from skills_lib.backtest.strategy import parameter_space
from skills_lib.domain.errors import InputError
from skills_lib.jobs import JobStatus, JobStore
from skills_lib.settings import Settings
from skills_lib.validate.job_request import JobRequest


def start(request: JobRequest) -> answers.JobAnswer:
    """Check every argument, then start the job.

    Raises:
        InputError: an argument the library refuses.
    """
    settings = Settings()
    request.check(parameter_space(strategies.load(request.strategy)), settings)
    return _answer(_store().start(_command(), request.verb, request))


def status(job_id: str) -> answers.JobAnswer:
    """The current state of a job.

    Raises:
        InputError: unknown job.
    """
    return _answer(_store().get(job_id))


def cancel(job_id: str) -> answers.JobAnswer:
    """Interrupt a running job; its progress is saved.

    Raises:
        InputError: unknown job.
    """
    return _answer(_store().cancel(job_id))


def report(job_id: str, section: answers.Section) -> answers.ReportAnswer:
    """One section of the result of a finished job.

    Raises:
        InputError: unknown job, a job that is not done, or a section that its result does not have.
    """
    from mcp_servers.validation.report import read

    job = _store().get(job_id)
    if job.state != "done":
        raise InputError(f"Job {job_id} is {job.state} and has no result. Call validation_status for its progress.")
    return read(job, _store().output(job_id), section)


def _answer(job: JobStatus) -> answers.JobAnswer:
    return answers.JobAnswer(
        **job.model_dump(include={"job_id", "state", "done", "total", "message", "error", "started_at"}),
        next_step=_NEXT[job.state].format(job=job.job_id),
    )


_NEXT = {
    "starting": 'Call validation_status("{job}") for its progress; wait_seconds makes it wait until the job ends.',
    "running": 'Call validation_status("{job}") for its progress; wait_seconds makes it wait until the job ends.',
    "done": 'Call validation_get_report("{job}") for the result.',
    "failed": "Fix what the error names and start the job again; its progress is saved.",
    "cancelled": "Progress saved; repeat the start call to resume.",
    "died": "Progress saved; repeat the start call to resume.",
}


def _command() -> list[str]:
    safe_path = ["-P"] if sys.flags.safe_path else []
    return [sys.executable, *safe_path, "-m", "scripts.run_job"]


def _store() -> JobStore:
    return JobStore(Settings().jobs_dir)
