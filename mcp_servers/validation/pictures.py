"""Pictures of finished jobs: heatmaps, windows, and the main charts of a validation."""

from mcp_types import CallToolResult

from mcp_servers.jobs import job_store
from mcp_servers.pictures import as_image
from mcp_servers.validation.calls import finished_job
from mcp_servers.validation.report import parse
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.progress import Progress, no_progress


def get_picture(job_id: str, name: str | None, _progress: Progress = no_progress) -> CallToolResult:
    """The picture called `name` of a finished job, by default the first.

    Raises:
        InputError: unknown job, a job that is not done, or no such picture.
    """
    job = finished_job(job_id)
    found = parse(job, job_store().output(job_id))
    paths = {path.stem: path for path in sorted(found.artifacts.folder.glob("*.png"))}
    if not paths:
        raise InputError(f"Job {job_id} has no pictures. validation_get_report has its figures.")
    chosen = name or next(iter(paths))
    if chosen not in paths:
        raise InputError(f"Unknown picture '{chosen}'.{did_you_mean(chosen, paths)} There are: {', '.join(paths)}.")
    label = "SYNTHETIC candles" if found.synthetic else "real candles"
    title = f"{chosen} of the {job.verb} of {found.strategy} on {found.symbol} {found.timeframe}, {label}"
    step = "Describe what it shows with the figures of validation_get_report."
    return as_image(paths[chosen], title, found.synthetic, step, [other for other in paths if other != chosen])
