"""Runs the background job in a folder: `python -m scripts.run_job FOLDER`. MCP servers start it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.console import exit_codes, print_whole
from scripts.drawing import finish_drawings
from skills_lib.domain.errors import InputError
from skills_lib.jobs import is_fetch, read_request_text, run_as_job

if TYPE_CHECKING:
    from pydantic import BaseModel

    from skills_lib.progress import Progress
    from skills_lib.report.drawings import Drawings


def main(arguments: list[str]) -> None:
    """Run the job and print its result as JSON; exit codes as of the `twokey` command."""
    with exit_codes():
        if len(arguments) != 1 or not Path(arguments[0]).is_dir():
            raise InputError("Usage: python -m scripts.run_job FOLDER, with the folder of one job.")
        run_job(Path(arguments[0]))


def run_job(folder: Path) -> None:
    """Read the request in `folder`, run it and print its result as JSON.

    Raises:
        TwokeyError: an invalid request, or any error of the library.
    """
    with run_as_job(folder) as progress:
        text = read_request_text(folder)
        if is_fetch(text):
            print_whole(run_fetch(text, progress).model_dump())
            return
        result, drawings = run_request(text, folder, progress)
        print_whole(result.model_dump())
        finish_drawings(drawings)


def run_fetch(text: str, progress: "Progress") -> "BaseModel":
    """Download the candles that a request names; nothing is imported that only backtests need.

    Raises:
        TwokeyError: an invalid request, or any error of the library.
    """
    from skills_lib.market.candles.fetch_job import parse_fetch
    from skills_lib.settings import Settings

    return parse_fetch(text).run(Settings(), progress)


def run_request(text: str, folder: Path, progress: "Progress") -> "tuple[BaseModel, Drawings]":
    """The result of a request, the same as of the `twokey` command, and its drawings.

    Raises:
        TwokeyError: any error of the library.
    """
    from scripts.sweep_request import SweepCommand, run_optimize, run_walk_forward
    from scripts.validation_request import ValidationCommand, run_validation
    from skills_lib.optimize.report.draw import drawings as optimization_drawings
    from skills_lib.validate.job_request import ValidateJob, WalkForwardJob, parse_request
    from skills_lib.validate.report.draw import drawings as validation_drawings
    from skills_lib.walk_forward.report.draw import drawings as walk_forward_drawings

    request = parse_request(text)
    strategy, candles, settings = request.strategy, request.candles, request.account.settings(request.candles.symbol)
    if isinstance(request, ValidateJob):
        command = ValidationCommand(strategy, request.validation, candles, settings, data_dir=None, job=folder)
        validated = run_validation(command, progress)
        return validated, validation_drawings(validated)
    sweep = SweepCommand(strategy, request.search, candles, settings, cluster=None, job=folder)
    if isinstance(request, WalkForwardJob):
        walked = run_walk_forward(sweep, request.windows, progress)
        return walked, walk_forward_drawings(walked)
    optimized = run_optimize(sweep, progress)
    return optimized, optimization_drawings(optimized)


if __name__ == "__main__":
    main(sys.argv[1:])
