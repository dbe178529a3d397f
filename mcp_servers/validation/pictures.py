"""Pictures of finished jobs: heatmaps, windows, and that of a validation; a missing one is drawn from stored files."""

from mcp_types import CallToolResult

from mcp_servers.jobs import job_store
from mcp_servers.pictures import as_image
from mcp_servers.validation.calls import finished_job
from mcp_servers.validation.report import Result, parse
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.optimize.model import OptimizationResult
from skills_lib.optimize.report.draw import drawings as optimization_drawings
from skills_lib.progress import Progress, no_progress
from skills_lib.report.drawings import Drawings, draw_missing
from skills_lib.validate.model import ValidationResult
from skills_lib.validate.report.draw import drawings as validation_drawings
from skills_lib.walk_forward.report.draw import drawings as walk_forward_drawings


def get_picture(job_id: str, name: str | None, _progress: Progress = no_progress) -> CallToolResult:
    """The picture called `name` of a finished job, by default the first.

    Raises:
        InputError: unknown job, a job that is not done, no such picture, or one that cannot be drawn.
    """
    job = finished_job(job_id)
    found = parse(job, job_store().output(job_id))
    pictures = {path.stem: path for path in _drawings(found) if path.suffix == ".png"}
    if not pictures:
        raise InputError(f"Job {job_id} has no pictures. validation_get_report has its figures.")
    chosen = name or next(iter(pictures))
    if chosen not in pictures:
        known = ", ".join(pictures)
        raise InputError(f"Unknown picture '{chosen}'.{did_you_mean(chosen, pictures)} There are: {known}.")
    path = pictures[chosen]
    problems = draw_missing({path: _drawings(found)[path]}).problems
    if problems:
        raise InputError(f"{problems[0]} validation_get_report has them.")
    label = "SYNTHETIC candles" if found.synthetic else "real candles"
    title = f"{chosen} of the {job.verb} of {found.strategy} on {found.symbol} {found.timeframe}, {label}"
    step = "Describe what it shows with the figures of validation_get_report."
    return as_image(path, title, found.synthetic, step, [other for other in pictures if other != chosen])


def _drawings(found: Result) -> Drawings:
    if isinstance(found, ValidationResult):
        return validation_drawings(found)
    return optimization_drawings(found) if isinstance(found, OptimizationResult) else walk_forward_drawings(found)
