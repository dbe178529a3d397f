"""The logarithmic axis of a picture, with the range and the ticks of a page's charts."""

from collections.abc import Sequence
from typing import Any

from skills_lib.domain.bars import FloatArray
from skills_lib.report.scales import scale_of


def set_log_axis(axes: Any, values: Sequence[FloatArray]) -> None:
    """Make the y axis of matplotlib's `axes` logarithmic, for `values`; those of 0 or less lie on its lower edge."""
    scale = scale_of(values, "logarithmic")
    ticks = scale.ticks(8)
    axes.set_yscale("log", nonpositive="clip")
    axes.set_ylim(scale.low, scale.high)
    axes.set_yticks([value for value, _ in ticks], [text for _, text in ticks])
    axes.set_yticks([], minor=True)
