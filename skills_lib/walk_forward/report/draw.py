"""The drawings of a walk-forward: its page, and its picture for Markdown and for clients that show images.

Nothing heavy is imported before something is drawn: most answers have all their drawings.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from skills_lib.report.drawings import Drawings

if TYPE_CHECKING:
    from skills_lib.walk_forward.model import WalkForwardResult
    from skills_lib.walk_forward.report.series import StitchedSeries


def drawings(result: "WalkForwardResult") -> Drawings:
    """Page and picture of a stored walk-forward by path, drawn from its files."""

    @cache
    def read() -> "StitchedSeries":
        from skills_lib.walk_forward.report.series import StitchedSeries

        return StitchedSeries.read(result.artifacts.equity)

    def picture(path: Path) -> None:
        from skills_lib.walk_forward.report.picture import draw_walk_forward

        draw_walk_forward(path, result, read())

    return {
        result.artifacts.page: lambda path: _draw_page(path, result, read()),
        result.artifacts.picture: picture,
    }


def page_of(result: "WalkForwardResult", series: "StitchedSeries") -> Drawings:
    """The page alone, of a walk-forward whose series are in memory."""
    return {result.artifacts.page: lambda path: _draw_page(path, result, series)}


def _draw_page(path: Path, result: "WalkForwardResult", series: "StitchedSeries") -> None:
    from skills_lib.report.page import render
    from skills_lib.walk_forward.report.page import walk_forward_page

    path.write_text(render(walk_forward_page(result, series)), encoding="utf-8")
