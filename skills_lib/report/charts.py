"""Charts as SVG: axes in pixels around a plot that takes the width of the page, light or dark by the page's style."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from skills_lib.report.layers import HEIGHT, WIDTH, Layer, Polyline, Scales
from skills_lib.report.scales import AxisScale, Kind, Tick, scale_of


@dataclass(frozen=True, slots=True)
class Axis:
    """`unit`: named in the caption; `ticks`: fixed places and labels; `include`: values that must be visible."""

    kind: Kind = "linear"
    unit: str = ""
    ticks: Sequence[Tick] | None = None
    include: Sequence[float] = ()

    def scale(self, layers: Sequence[Layer], side: int) -> AxisScale:
        """The scale of all layers; `side`: 0 for x, 1 for y."""
        values = [array for layer in layers for array in layer.values()[side]]
        return scale_of(values, self.kind, self.include, tight=side == 0)


_LETTER_PX, _LEFT_PX, _NARROW_PX = 7, 62, 290
TIME = Axis("time")


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. `text`: what it shows, for readers who do not see it. `height`: of the plot in pixels."""

    title: str
    text: str
    layers: Sequence[Layer]
    x: Axis = TIME
    y: Axis = Axis()
    height: int = 280
    note: str = ""


def chart_html(chart: Chart) -> str:
    """The chart as a figure: caption and legend, then the plot."""
    scales = Scales(chart.x.scale(chart.layers, 0), chart.y.scale(chart.layers, 1))
    across = chart.x.ticks if chart.x.ticks is not None else scales.x.ticks()
    up = chart.y.ticks if chart.y.ticks is not None else scales.y.ticks(max(3, chart.height // 40))
    tall = any("\n" in text for _, text in across)
    unit = f' <span class="unit">{escape(chart.y.unit)}</span>' if chart.y.unit else ""
    return "".join(
        [
            f'<figure class="chart"><figcaption>{escape(chart.title)}{unit}{_legend(chart.layers)}</figcaption>',
            f'<div class="plot{" named" if chart.x.unit or tall else ""}" '
            f'style="height:{chart.height + 34}px;padding-left:{left_px(text for _, text in up)}px"',
            f"{_readable(chart, scales)}>",
            f'<svg role="img" aria-label="{escape(f"{chart.title}. {chart.text}")}" width="100%" height="100%">',
            *(_row(place, text) for place, text in _placed(scales.y, up)),
            *_columns(_placed(scales.x, across)),
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" width="100%" height="100%">',
            *(layer.stretched(scales) for layer in chart.layers),
            "</svg>",
            *(layer.fixed(scales) for layer in chart.layers),
            f"</svg>{_name(chart.x.unit)}</div>",
            f'<p class="note">{escape(chart.note)}</p>' if chart.note else "",
            "</figure>",
        ]
    )


def _legend(layers: Sequence[Layer]) -> str:
    shown = {layer.label: layer.key() for layer in layers if layer.label}
    items = [
        f'<li><svg class="key" width="24" height="12" aria-hidden="true">{key}</svg>{escape(label)}</li>'
        for label, key in shown.items()
    ]
    return f'<ul class="legend">{"".join(items)}</ul>' if items else ""


def _placed(scale: AxisScale, ticks: Sequence[Tick]) -> list[tuple[float, str]]:
    places = scale.place([value for value, _ in ticks])
    return [(float(place), text) for place, (_, text) in zip(places, ticks, strict=True)]


def _row(place: float, text: str) -> str:
    at = f"{1 - place:.2%}"
    return (
        f'<line class="grid" x1="0" x2="100%" y1="{at}" y2="{at}"/>'
        f'<text x="0" y="{at}" dx="-8" dy=".32em" text-anchor="end">{escape(text)}</text>'
    )


def _readable(chart: Chart, scales: Scales) -> str:
    """The scales of both axes for the script that reads lines under the pointer, where x is no list of names."""
    if chart.x.ticks is not None or not any(isinstance(layer, Polyline) for layer in chart.layers):
        return ""
    x, y = (f"{scale.low!r} {scale.high!r} {scale.kind}" for scale in scales)
    return f' data-x="{x}" data-y="{y}"'


def left_px(texts: Iterable[str]) -> int:
    """Pixels that labels beside the left axis need: the same for all charts unless labels are long."""
    return max(_LEFT_PX, max((len(text) for text in texts), default=0) * _LETTER_PX + 14)


def hidden_when_narrow(texts: Sequence[str]) -> list[bool]:
    """Which labels below the axis are hidden on a narrow screen, so that those that are left have space."""
    widest = max((len(line) for text in texts for line in text.split("\n")), default=0) * _LETTER_PX + 14
    distance = widest + widest // 2  # the first and the last are moved inwards by half their width
    every = max(1, -(-len(texts) * distance // _NARROW_PX))
    return [place % every > 0 for place in range(len(texts))]


def _columns(ticks: Sequence[tuple[float, str]]) -> list[str]:
    hidden = hidden_when_narrow([text for _, text in ticks])
    return [_column(place, text, hides) for (place, text), hides in zip(ticks, hidden, strict=True)]


def _column(place: float, text: str, is_hidden: bool) -> str:
    at, anchor = f"{place:.2%}", "start" if place < 0.04 else "end" if place > 0.96 else "middle"
    lines = "".join(
        f'<tspan x="{at}" dy="{"1.2em" if below else "1.5em"}">{escape(line)}</tspan>'
        for below, line in enumerate(text.split("\n"))
    )
    return (
        f'<line class="grid" x1="{at}" x2="{at}" y1="0" y2="100%"/>'
        f'<text class="{"other" if is_hidden else "tick"}" x="{at}" y="100%" text-anchor="{anchor}">{lines}</text>'
    )


def _name(unit: str) -> str:
    return f'<span class="axis">{escape(unit)}</span>' if unit else ""
