"""Splits bars into in-sample, out-of-sample and sealed, and tests the drop in Sharpe ratio between the first two."""

import math
from typing import Literal, NamedTuple

from skills_lib.backtest.model import Span
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.models import FrozenModel
from skills_lib.validate.stages.sharpe import annual_sharpe, defined, upper_tail_probability

IN_SAMPLE_SHARE = 0.7
OUT_OF_SAMPLE_SHARE = 0.2
MIN_BARS = 20
EXPECTED_DECAY = 0.2
EXCESSIVE_DECAY = 0.3
SIGNIFICANT = 0.05

LIMITS = (
    "In-sample parameters were selected for their result, so some drop is certain; the standard error ignores "
    "autocorrelation of returns, so the true error is larger."
)

DecayReading = Literal["none", "expected", "large", "too much", "undefined"]


class Split(NamedTuple):
    """Three consecutive spans: to choose on, to test on, and to leave closed until deployment."""

    in_sample: Span
    out_of_sample: Span
    sealed: Span


class SharpeDecay(FrozenModel):
    """The drop in Sharpe ratio out of sample; ratios are annual, None is undefined.

    `fall_share`: the drop as a share of the in-sample ratio, None if that is not above 0. `standard_error`: of the
    difference of the two ratios. `z`: the drop in standard errors. `p`: probability of at least this drop if the
    true ratio is the same in both. `reading`: by the rule of thumb (20 % expected, 30 % too much), which over short
    spans is mostly noise; `words` describe both.
    """

    in_sample_days: int
    out_of_sample_days: int
    in_sample_sharpe: float | None
    out_of_sample_sharpe: float | None
    fall_share: float | None
    standard_error: float | None
    z: float | None
    p: float | None
    reading: DecayReading
    words: str
    limits: str = LIMITS


def split(bars: int) -> Split:
    """The first 70 % of the bars, the next 20 %, the last 10 %.

    Raises:
        InputError: too few bars for three parts.
    """
    if bars < MIN_BARS:
        raise InputError(
            f"{bars} bars cannot be split into in-sample, out-of-sample and sealed parts; at least {MIN_BARS} are "
            "needed. Extend the span."
        )
    first = round(bars * IN_SAMPLE_SHARE)
    second = round(bars * (IN_SAMPLE_SHARE + OUT_OF_SAMPLE_SHARE))
    return Split(Span(0, first), Span(first, second), Span(second, bars))


def sharpe_decay(in_daily: FloatArray, out_daily: FloatArray) -> SharpeDecay:
    """Compare daily returns (fractions) in sample and out of sample."""
    before, after = annual_sharpe(in_daily), annual_sharpe(out_daily)
    error = math.hypot(before.error, after.error)
    difference = before.sharpe - after.sharpe
    z = difference / error if error > 0 else math.nan
    share = difference / before.sharpe if before.sharpe > 0 else math.nan
    reading = _reading(difference, share)
    return SharpeDecay(
        in_sample_days=before.days,
        out_of_sample_days=after.days,
        in_sample_sharpe=defined(before.sharpe),
        out_of_sample_sharpe=defined(after.sharpe),
        fall_share=defined(share),
        standard_error=defined(error),
        z=defined(z),
        p=defined(upper_tail_probability(z)),
        reading=reading,
        words=_describe(reading, difference, share, error, z),
    )


def _reading(difference: float, share: float) -> DecayReading:
    if math.isnan(difference):
        return "undefined"
    if difference <= 0:
        return "none"
    if math.isnan(share):
        return "undefined"
    if share <= EXPECTED_DECAY:
        return "expected"
    return "large" if share <= EXCESSIVE_DECAY else "too much"


def _describe(reading: DecayReading, difference: float, share: float, error: float, z: float) -> str:
    if math.isnan(difference):
        return "No comparison: one of the spans has no variance or too few days."
    if reading == "none":
        return f"No drop: out of sample the Sharpe ratio is {-difference:.2f} higher, ± {error:.2f} (standard error)."
    if reading == "undefined":
        return "No drop to measure: the in-sample Sharpe ratio is not above 0."
    thumb = {"expected": "as expected", "large": "more than expected", "too much": "too much"}[reading]
    decay = f"The Sharpe ratio dropped by {difference:.2f} ({share:.0%}; {thumb} by the rule of thumb)"
    p = upper_tail_probability(z)
    if p < SIGNIFICANT:
        return f"{decay}, {z:.1f} standard errors ({error:.2f}): more than sampling error explains (p = {p:.3f})."
    return f"{decay}, within sampling error ± {error:.2f}: not significant over so short a span (p = {p:.2f})."
