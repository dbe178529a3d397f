"""The page of one answer: a sentence, a label, sections of text, tables and charts, rendered by one template."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from skills_lib.report.charts import Chart, chart_html
from skills_lib.report.heatmap import HeatmapChart, heatmap_html

if TYPE_CHECKING:
    from jinja2 import Environment

Mood = Literal["good", "medium", "bad"]
TEMPLATES = Path(__file__).parent / "templates"


class Tinted(str):
    """The text of a cell with a background, `tint` from -4, bad, to 4, good."""

    tint: int

    @classmethod
    def of(cls, text: str, tint: int) -> Self:
        """`text` with a background."""
        made = cls(text)
        made.tint = tint
        return made


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of text; the first column is a name, the others are figures, but for the columns `words`."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    words: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Slider:
    """The cost slider: what the trades of a run earned at a cost of `c` bps per side, held fixed.

    All in quote currency: `gross` profit before costs, `funding` paid, `notional` traded on both sides, `entry` at
    entry, starting `cash`. `charged_bps`: the cost of this run per side; `highest_bps`: the end of the slider.
    """

    gross: float
    funding: float
    notional: float
    entry: float
    cash: float
    trades: int
    charged_bps: float
    highest_bps: float
    chart: Chart

    @property
    def break_even_bps(self) -> float:
        return (self.gross - self.funding) / self.notional * 1e4


@dataclass(frozen=True, slots=True)
class Section:
    """One heading. `limits`: what the figures do not show."""

    title: str
    paragraphs: Sequence[str] = ()
    points: Sequence[str] = ()
    grids: Sequence[Grid] = ()
    charts: Sequence[Chart | HeatmapChart | Slider] = ()
    limits: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A label, its mood, and the reasons."""

    label: str
    mood: Mood
    reasons: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `lead`: the plain sentence on top. `banner`: a warning above it. `identity`: names and values."""

    title: str
    about: str
    lead: str
    banner: str = ""
    verdict: Verdict | None = None
    warnings: Sequence[str] = ()
    sections: Sequence[Section] = ()
    identity: Sequence[tuple[str, str]] = field(default_factory=list)


def render(page: Page) -> str:
    """The page as one HTML file that fetches nothing."""
    return (
        _environment().get_template("page.html").render(page=page, style=_own("style.css"), script=_own("readout.js"))
    )


def _show(chart: Chart | HeatmapChart | Slider) -> Any:
    from markupsafe import Markup

    if isinstance(chart, Slider):
        text = _environment().get_template("slider.html").render(slider=chart, chart=Markup(chart_html(chart.chart)))
        return Markup(text)
    return Markup(chart_html(chart) if isinstance(chart, Chart) else heatmap_html(chart))


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["show"] = _show
    return made


@cache
def _own(name: str) -> Any:
    """The text of a file beside the template, which needs no escaping."""
    from markupsafe import Markup

    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))
