"""The drawings of an optimisation: its page, and heatmaps for Markdown and for clients that show images.

Nothing heavy is imported before something is drawn: most answers have all their drawings.
"""

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from skills_lib.report.drawings import Draw, Drawings

if TYPE_CHECKING:
    from skills_lib.optimize.model import OptimizationResult
    from skills_lib.optimize.report.landscape import Landscape


def drawings(result: "OptimizationResult") -> Drawings:
    """Page and heatmaps of a stored optimisation by path, drawn from its files."""

    @cache
    def read() -> "Landscape":
        from skills_lib.optimize.report.landscape import Landscape

        return Landscape.read(result)

    def heatmap(path: Path, x: str, y: str | None) -> None:
        from skills_lib.optimize.report.picture import draw_heatmap

        synthetic = " · SYNTHETIC DATA" if result.synthetic else ""
        about = f"{result.strategy} · {result.symbol} {result.timeframe}{synthetic}"
        draw_heatmap(path, read(), x, y, about)

    pictures: dict[Path, Draw] = {one.png: partial(heatmap, x=one.x, y=one.y) for one in result.artifacts.heatmaps}
    return {result.artifacts.page: lambda path: _draw_page(path, result, read()), **pictures}


def page_of(result: "OptimizationResult", landscape: "Landscape") -> Drawings:
    """The page alone, of an optimisation whose table is in memory."""
    return {result.artifacts.page: lambda path: _draw_page(path, result, landscape)}


def _draw_page(path: Path, result: "OptimizationResult", landscape: "Landscape") -> None:
    from skills_lib.optimize.report.page import optimize_page
    from skills_lib.report.page import render

    path.write_text(render(optimize_page(result, landscape)), encoding="utf-8")
