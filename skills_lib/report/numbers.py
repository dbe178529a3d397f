"""One format for every number on a page."""

import math
from collections.abc import Sequence

_LARGEST, _SMALLEST = 1e15, 1e-4
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))


def amount(value: float | int | None, digits: int = 2) -> str:
    """`12,345.68`; powers of ten where the digits would not fit; `n/a` for None and nan."""
    if value is None or math.isnan(value):
        return "n/a"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= _LARGEST:
        return f"{value:.{digits}e}"
    return f"{value:,d}" if isinstance(value, int) else f"{_without_minus_zero(value, digits):,.{digits}f}"


def price(value: float) -> str:
    """A price or tick with six significant digits, whatever its size: `0.0000123`, `43,210.5`."""
    size = abs(value)
    if not math.isfinite(value) or size == 0:
        return amount(value, 0)
    if size >= _LARGEST or size < 1e-9:
        return f"{value:.4g}"
    digits = max(0, 5 - math.floor(math.log10(size)))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def tick_texts(ticks: Sequence[float]) -> list[str]:
    """Labels of the ticks of one axis, with as many digits as tell them apart."""
    largest = max((abs(tick) for tick in ticks), default=0.0)
    if largest >= _LARGEST or 0 < largest < _SMALLEST:
        return [f"{tick:.3g}" if tick else "0" for tick in ticks]
    size, unit = next(((s, u) for s, u in _UNITS if largest >= s), (1.0, ""))
    scaled = [tick / size for tick in ticks]
    for digits in range(7):
        texts = [f"{_without_minus_zero(value, digits):,.{digits}f}{unit if value else ''}" for value in scaled]
        if all(abs(round(value, digits) - value) <= 1e-6 * (largest / size) for value in scaled):
            return texts
    return [f"{tick:.4g}" for tick in ticks]


def _without_minus_zero(value: float, digits: int) -> float:
    return 0.0 if round(value, digits) == 0 else value
