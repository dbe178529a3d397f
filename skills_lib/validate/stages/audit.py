"""Audits candles for gaps, outages and defects, and computes the history a claimed Sharpe ratio needs."""

import math
from collections.abc import Iterator

from skills_lib.backtest.metrics import DAYS_PER_YEAR
from skills_lib.domain.bars import Bars
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.quality import Gap, QualityReport, measure
from skills_lib.domain.time import DAY_NS, HOUR_NS
from skills_lib.market.candles.model import Candles
from skills_lib.validate.stages.overfit import Moments, minimum_track_record

MAX_MISSING_SHARE = 0.05
REPORTED_MISSING_SHARE = 0.01
MIN_DAYS = 180.0
MIN_TRADES = 50

LIMITS = (
    "Finds missing or impossible data, not wrong but plausible data: a mispriced hour, survivorship bias, or prices at "
    "which nobody could have traded."
)


class Outage(FrozenModel):
    """A gap in the candles between two open times in UTC."""

    after: str
    before: str
    hours: float


class DataAudit(FrozenModel):
    """Defects of the candles. Shares are of all expected bars; `outages` lists the longest first.

    `minimum_days_for_claim`: days of history after which the claimed Sharpe ratio would be above 0 with 95 %
    confidence, for normal returns (minimum track record length, Bailey and López de Prado 2012); None if no
    positive ratio was claimed. `fatal`: defects that invalidate any result; `passed`: there are none.
    """

    bars: int
    days: float
    years: float
    gaps: int
    missing_bars: int
    missing_share: float
    outages: list[Outage]
    duplicates: int
    unordered: int
    ohlc_violations: int
    zero_volume_share: float
    spikes: int
    breaks: int
    synthetic: bool
    minimum_days_for_claim: float | None
    warnings: list[str]
    fatal: list[str]
    passed: bool
    limits: str = LIMITS


def audit(candles: Candles, trades: int | None = None, sharpe: float | None = None) -> DataAudit:
    """Audit `candles`, for a claimed annual `sharpe` from a number of `trades` if these are given."""
    bars = candles.bars
    quality = candles.quality if candles.quality.bars == len(bars) else measure(bars)
    missing_share = quality.missing_bars / max(quality.missing_bars + len(bars), 1)
    days = _days(bars)
    needed = minimum_days(sharpe)
    fatal = list(_fatal(quality, missing_share))
    warnings = [*_defects(quality, missing_share), *_too_little(days, needed, trades, sharpe)]
    if candles.origin.synthetic:
        warnings.append("The candles are synthetic: the result says nothing about a real market.")
    return DataAudit(
        bars=len(bars),
        days=days,
        years=days / DAYS_PER_YEAR,
        gaps=quality.gaps,
        missing_bars=quality.missing_bars,
        missing_share=missing_share,
        outages=[_outage(gap, bars.interval_ns) for gap in quality.largest_gaps],
        duplicates=quality.duplicates,
        unordered=quality.unordered,
        ohlc_violations=quality.ohlc_violations,
        zero_volume_share=quality.zero_volume / max(len(bars), 1),
        spikes=quality.spikes,
        breaks=quality.breaks,
        synthetic=candles.origin.synthetic,
        minimum_days_for_claim=needed,
        warnings=warnings,
        fatal=fatal,
        passed=not fatal,
    )


def minimum_days(sharpe: float | None) -> float | None:
    """Minimum track record length in days for an annual `sharpe` above 0 at 95 %, returns being normal."""
    if sharpe is None or not sharpe > 0:
        return None
    return minimum_track_record(Moments(0, sharpe / math.sqrt(DAYS_PER_YEAR)))


def _days(bars: Bars) -> float:
    if not len(bars):
        return 0.0
    return float(int(bars.open_time_ns.max()) - int(bars.open_time_ns.min()) + bars.interval_ns) / DAY_NS


def _outage(gap: Gap, interval_ns: int) -> Outage:
    return Outage(after=gap.after, before=gap.before, hours=gap.missing_bars * interval_ns / HOUR_NS)


def _fatal(quality: QualityReport, missing_share: float) -> Iterator[str]:
    if quality.bars < 2:
        yield f"{quality.bars} bars are too few; at least 2 are needed."
    if quality.duplicates:
        yield f"{quality.duplicates} bars are duplicates."
    if quality.unordered:
        yield f"{quality.unordered} bars are older than the bar before them."
    if quality.ohlc_violations:
        yield f"{quality.ohlc_violations} bars have prices outside their own range or not above 0."
    yield from quality.break_lines()
    if missing_share > MAX_MISSING_SHARE:
        yield f"{missing_share:.1%} of the bars are missing; at most {MAX_MISSING_SHARE:.0%} is allowed."


def _defects(quality: QualityReport, missing_share: float) -> Iterator[str]:
    if quality.gaps:
        yield f"{quality.gaps} gaps with {quality.missing_bars} missing bars ({missing_share:.2%})."
    if quality.zero_volume > REPORTED_MISSING_SHARE * quality.bars:
        yield f"{quality.zero_volume / quality.bars:.1%} of the bars have no volume: orders could not fill there."
    if quality.spikes:
        yield f"{quality.spikes} closes jump and revert at once: fills there may be unrealistic."


def _too_little(days: float, needed: float | None, trades: int | None, sharpe: float | None) -> Iterator[str]:
    if days < MIN_DAYS:
        yield f"{days:.0f} days of history are too few for any claim about a year."
    if needed is not None and days < needed:
        yield f"A Sharpe ratio of {sharpe:.2f} needs {needed:.0f} days to be above 0 at 95 %; there are {days:.0f}."
    if trades is not None and trades < MIN_TRADES:
        yield f"{trades} trades are too few for a claim; at least {MIN_TRADES} are needed."
