"""Library calls behind the validation server: starts jobs, reports their state, reads their results."""

import strategies
from mcp_servers.job_answer import JobAnswer
from mcp_servers.jobs import answer_fields, find_job, job_store, start_job, wait_for_end
from mcp_servers.validation import answers as answers
from skills_lib.backtest.strategy import parameter_space
from skills_lib.domain.errors import InputError
from skills_lib.jobs import JobStatus
from skills_lib.progress import Progress
from skills_lib.settings import Settings
from skills_lib.validate.job_request import JobRequest

VERBS = ("optimize", "walk-forward", "validate")
_SIBLING = "market_fetch_status"
_WATCH = 'Call validation_status("{job}") with wait_seconds=50, until it is done.'
_RESUME = "Progress saved; repeat the start call to resume."
_NEXT = {
    "starting": _WATCH,
    "running": _WATCH,
    "done": 'Call validation_get_report("{job}") for the result.',
    "failed": "Fix what the error names and start the job again; its progress is saved.",
    "cancelled": _RESUME,
    "died": _RESUME,
}


def start(request: JobRequest) -> JobAnswer:
    """Check every argument, then start the job.

    Raises:
        InputError: an argument the library refuses.
    """
    request.check(parameter_space(strategies.load(request.strategy)), Settings())
    return _answer(start_job(request.verb, request))


def status(job_id: str, wait_seconds: float, progress: Progress) -> JobAnswer:
    """The state of a job, after its end or `wait_seconds`.

    Raises:
        InputError: unknown job, or a download.
    """
    return _answer(wait_for_end(find_job(job_id, VERBS, _SIBLING), wait_seconds, progress))


def cancel(job_id: str) -> JobAnswer:
    """Interrupt a running job; its progress is saved.

    Raises:
        InputError: unknown job, or a download.
    """
    find_job(job_id, VERBS, _SIBLING)
    return _answer(job_store().cancel(job_id))


def report(job_id: str, section: answers.Section) -> answers.ReportAnswer:
    """One section of the result of a finished job.

    Raises:
        InputError: unknown job, a job that is not done, or a section that its result does not have.
    """
    from mcp_servers.validation.report import read

    job = finished_job(job_id)
    return read(job, job_store().output(job_id), section)


def finished_job(job_id: str) -> JobStatus:
    """A job that is done.

    Raises:
        InputError: unknown job, or one that is not done.
    """
    job = find_job(job_id, VERBS, _SIBLING)
    if job.state != "done":
        raise InputError(f"Job {job_id} is {job.state} and has no result. Call validation_status for its progress.")
    return job


def _answer(job: JobStatus) -> JobAnswer:
    return JobAnswer.model_validate(answer_fields(job, _NEXT))
