"""Layers of a chart: lines, areas, columns, marks and limits, each as SVG.

A layer is written in two parts. `stretched` lies in a box of WIDTH × HEIGHT units that is stretched to the chart's
size, so its strokes keep their width; `fixed` is placed in percent and keeps its shape.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, NamedTuple

import numpy as np

from skills_lib.domain.bars import FloatArray
from skills_lib.report.scales import AxisScale

WIDTH, HEIGHT = 4000, 1000
Style = Literal["strategy", "market", "inside", "outside", "bad", "plain", "gain", "loss", "long", "short"]
Symbol = Literal["long-entry", "long-exit", "short-entry", "short-exit", "circle", "cross"]


class Scales(NamedTuple):
    """The scales of both axes."""

    x: AxisScale
    y: AxisScale


class Layer(ABC):
    """One layer. `label`: its text in the legend, "" for none."""

    label: str

    @abstractmethod
    def values(self) -> tuple[Sequence[FloatArray], Sequence[FloatArray]]:
        """Arrays that the scales of x and of y must show."""

    def stretched(self, _scales: Scales, /) -> str:
        """The part in the stretched box."""
        return ""

    def fixed(self, _scales: Scales, /) -> str:
        """The part in percent."""
        return ""

    @abstractmethod
    def key(self) -> str:
        """Its sign in the legend, in a box of 24 × 12."""


@dataclass(frozen=True, slots=True)
class Polyline(Layer):
    """A line through float64[n] `x` and `y`; undefined points are left out. `dots`: a dot at each point."""

    x: FloatArray
    y: FloatArray
    label: str
    style: Style
    dots: bool = False

    def values(self) -> tuple[Sequence[FloatArray], Sequence[FloatArray]]:
        return [self.x], [self.y]

    def stretched(self, scales: Scales, /) -> str:
        path = _path(scales.x.place(self.x), scales.y.place(self.y))
        return f'<path class="line {self.style}" data-name="{escape(self.label)}" d="{path}"/>' if path else ""

    def fixed(self, scales: Scales, /) -> str:
        if not self.dots:
            return ""
        return "".join(
            f'<circle class="dot {self.style}" cx="{a:.2%}" cy="{1 - b:.2%}" r="4"/>'
            for a, b in zip(scales.x.place(self.x), scales.y.place(self.y), strict=True)
            if np.isfinite(b)
        )

    def key(self) -> str:
        dot = f'<circle class="dot {self.style}" cx="12" cy="6" r="4"/>' if self.dots else ""
        return f'<path class="line {self.style}" d="M0 6H24"/>{dot}'


@dataclass(frozen=True, slots=True)
class Area(Layer):
    """The area between float64[n] `low` and `high`."""

    x: FloatArray
    low: FloatArray
    high: FloatArray
    label: str
    style: Style
    faint: bool = False

    def values(self) -> tuple[Sequence[FloatArray], Sequence[FloatArray]]:
        return [self.x], [self.low, self.high]

    def stretched(self, scales: Scales, /) -> str:
        across = scales.x.place(self.x)
        there, back = _path(across, scales.y.place(self.high)), _path(across[::-1], scales.y.place(self.low)[::-1])
        return f'<path class="{self._class}" d="{there}L{back[1:]}Z"/>' if there else ""

    def key(self) -> str:
        return f'<rect class="{self._class}" width="24" height="12"/>'

    @property
    def _class(self) -> str:
        return f"area {self.style}{' faint' if self.faint else ''}"


@dataclass(frozen=True, slots=True)
class Columns(Layer):
    """Columns from 0 to float64[n] `y`, from `left` to `right`; undefined ones are left out."""

    left: FloatArray
    right: FloatArray
    y: FloatArray
    label: str
    style: Style

    def values(self) -> tuple[Sequence[FloatArray], Sequence[FloatArray]]:
        return [self.left, self.right], [self.y, np.zeros(1)]

    def stretched(self, scales: Scales, /) -> str:
        left, right = (np.rint(scales.x.place(edge) * WIDTH).astype(int).tolist() for edge in (self.left, self.right))
        zero = HEIGHT - round(float(scales.y.place([0.0])[0]) * HEIGHT)
        tops = scales.y.place(self.y).tolist()
        columns = [
            f"M{a} {zero}V{HEIGHT - round(top * HEIGHT)}H{b}V{zero}Z"
            for a, b, top in zip(left, right, tops, strict=True)
            if np.isfinite(top)
        ]
        return f'<path class="column {self.style}" d="{"".join(columns)}"/>'

    def key(self) -> str:
        return f'<rect class="column {self.style}" x="1" y="1" width="22" height="10"/>'


@dataclass(frozen=True, slots=True)
class Marks(Layer):
    """One symbol at each of float64[n] `x` and `y`."""

    x: FloatArray
    y: FloatArray
    label: str
    symbol: Symbol

    def values(self) -> tuple[Sequence[FloatArray], Sequence[FloatArray]]:
        return [self.x], [self.y]

    def fixed(self, scales: Scales, /) -> str:
        places = zip(scales.x.place(self.x).tolist(), scales.y.place(self.y).tolist(), strict=True)
        return "".join(f'<use href="#{self.symbol}" x="{a:.2%}" y="{1 - b:.2%}"/>' for a, b in places)

    def key(self) -> str:
        return f'<use href="#{self.symbol}" x="12" y="6"/>'


@dataclass(frozen=True, slots=True)
class Segments(Layer):
    """Straight lines from (`x0`, `y0`) to (`x1`, `y1`), each float64[n]."""

    x0: FloatArray
    y0: FloatArray
    x1: FloatArray
    y1: FloatArray
    label: str
    style: Style

    def values(self) -> tuple[Sequence[FloatArray], Sequence[FloatArray]]:
        return [self.x0, self.x1], [self.y0, self.y1]

    def stretched(self, scales: Scales, /) -> str:
        ends = (_pairs(scales.x.place(a), scales.y.place(b)) for a, b in ((self.x0, self.y0), (self.x1, self.y1)))
        lines = "".join(f"M{start}L{end}" for start, end in zip(*ends, strict=True))
        return f'<path class="segment {self.style}" d="{lines}"/>'

    def key(self) -> str:
        return f'<path class="segment {self.style}" d="M1 10L23 2"/>'


@dataclass(frozen=True, slots=True)
class Limit(Layer):
    """A line across the whole chart at one value of the axis `axis`."""

    at: float
    axis: Literal["x", "y"]
    label: str
    style: Style = "plain"
    name: str = ""
    """`id` for a script that moves it."""

    def values(self) -> tuple[Sequence[FloatArray], Sequence[FloatArray]]:
        own: list[FloatArray] = [np.array([self.at])]
        return (own, []) if self.axis == "x" else ([], own)

    def fixed(self, scales: Scales, /) -> str:
        name = f' id="{self.name}"' if self.name else ""
        if self.axis == "x":
            place = f"{scales.x.place([self.at])[0]:.2%}"
            return f'<line{name} class="limit {self.style}" x1="{place}" x2="{place}" y1="0" y2="100%"/>'
        place = f"{1 - scales.y.place([self.at])[0]:.2%}"
        return f'<line{name} class="limit {self.style}" x1="0" x2="100%" y1="{place}" y2="{place}"/>'

    def key(self) -> str:
        return f'<path class="limit {self.style}" d="{"M12 0V12" if self.axis == "x" else "M0 6H24"}"/>'


@dataclass(frozen=True, slots=True)
class Shade(Layer):
    """A shaded span of the x axis."""

    start: float
    end: float
    label: str

    def values(self) -> tuple[Sequence[FloatArray], Sequence[FloatArray]]:
        return [np.array([self.start, self.end])], []

    def stretched(self, scales: Scales, /) -> str:
        left, right = (round(float(place) * WIDTH) for place in scales.x.place([self.start, self.end]))
        return f'<rect class="shade" x="{left}" y="0" width="{max(right - left, 1)}" height="{HEIGHT}"/>'

    def key(self) -> str:
        return '<rect class="shade" width="24" height="12"/>'


def _path(across: FloatArray, up: FloatArray) -> str:
    defined = np.isfinite(up) & np.isfinite(across)
    if not defined.any():
        return ""
    return "M" + "L".join(_pairs(across[defined], up[defined]))


def _pairs(across: FloatArray, up: FloatArray) -> list[str]:
    columns = np.rint(across * WIDTH).astype(int).tolist()
    rows = (HEIGHT - np.rint(np.nan_to_num(up) * HEIGHT).astype(int)).tolist()
    return [f"{a} {b}" for a, b in zip(columns, rows, strict=True)]
