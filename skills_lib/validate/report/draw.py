"""The drawings of a validation: its page, and its picture for Markdown and for clients that show images.

Nothing heavy is imported before something is drawn: most answers have all their drawings.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from skills_lib.report.drawings import Drawings

if TYPE_CHECKING:
    from skills_lib.validate.model import ValidationResult
    from skills_lib.validate.report.curves import Curves


def drawings(result: "ValidationResult") -> Drawings:
    """Page and picture of a stored validation by path, drawn from its files."""

    @cache
    def read() -> "Curves":
        from skills_lib.validate.report.curves import Curves

        return Curves.read(result.artifacts.curves)

    def picture(path: Path) -> None:
        from skills_lib.validate.report.picture import draw_picture

        draw_picture(path, result, read())

    return {
        result.artifacts.page: lambda path: _draw_page(path, result, read()),
        result.artifacts.picture: picture,
    }


def page_of(result: "ValidationResult", curves: "Curves") -> Drawings:
    """The page alone, of a validation whose curves are in memory."""
    return {result.artifacts.page: lambda path: _draw_page(path, result, curves)}


def _draw_page(path: Path, result: "ValidationResult", curves: "Curves") -> None:
    from skills_lib.report.page import render
    from skills_lib.validate.report.page import validation_page

    path.write_text(render(validation_page(result, curves)), encoding="utf-8")
