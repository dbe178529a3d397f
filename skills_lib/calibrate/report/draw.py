"""The drawings of a calibration: its page, and its picture for Markdown."""

from pathlib import Path

from skills_lib.calibrate.model import Calibration
from skills_lib.report.drawings import Drawings


def drawings(result: Calibration) -> Drawings:
    """Page and picture of a stored calibration by path; both show its result alone."""

    def picture(path: Path) -> None:
        from skills_lib.calibrate.report.picture import draw_calibration

        draw_calibration(path, result)

    return {**page_of(result), result.artifacts.picture: picture}


def page_of(result: Calibration) -> Drawings:
    """The page alone."""

    def page(path: Path) -> None:
        from skills_lib.calibrate.report.page import calibration_page
        from skills_lib.report.page import render

        path.write_text(render(calibration_page(result)), encoding="utf-8")

    return {result.artifacts.page: page}
