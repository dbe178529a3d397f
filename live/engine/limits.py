"""Limits that hold for an account of a given capital. They are constants; configuration tightens them.

`docs/limits.md` says what each limit is for.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from live.engine.units import Unit
from live.money import SCALE


class Executor(StrEnum):
    """SCALP: the imbalance strategy. BARS: strategies on bars, without a longest hold."""

    SCALP = "scalp"
    BARS = "bars"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Effective limits, money in units of 1e-8.

    position: notional of one position. instrument: notional of one instrument, orders included. daily_loss, drawdown:
    of realised and unrealised profit, fees and funding. loss_at_stop: what one position may lose at its stop, costs
    included. collar_bps: how far an order's price may be from the mark price, in units of 1e-8. orders_per_fill: after
    the first `orders_per_fill` orders of a day, so many orders a fill at the most. hold_ms: 0 where there is no limit.
    """

    executor: Executor
    position: int
    instrument: int
    daily_loss: int
    drawdown: int
    hold_ms: int
    loss_at_stop: int
    open_positions: int
    orders_per_second: int
    trades_per_day: int
    collar_bps: int
    orders_per_fill: int


class Ceilings(msgspec.Struct, frozen=True, kw_only=True):
    """Highest limits of an executor: amounts in units of 1e-8 USD, shares of the capital in units of 1e-8."""

    executor: Executor
    position_usd: int
    instrument_share: int
    daily_loss_usd: int
    daily_loss_share: int
    drawdown_usd: int
    drawdown_share: int
    hold_ms: int
    loss_at_stop_share: int
    open_positions: int
    orders_per_second: int
    trades_per_day: int
    collar_bps: int
    orders_per_fill: int


SCALP: Final = Ceilings(
    executor=Executor.SCALP,
    position_usd=10_000 * SCALE,
    instrument_share=25 * SCALE // 100,
    daily_loss_usd=500 * SCALE,
    daily_loss_share=5 * SCALE // 100,
    drawdown_usd=1_000 * SCALE,
    drawdown_share=10 * SCALE // 100,
    hold_ms=60_000,
    loss_at_stop_share=2 * SCALE // 100,
    open_positions=5,
    orders_per_second=10,
    trades_per_day=200,
    collar_bps=50 * SCALE,
    orders_per_fill=20,
)
BARS: Final = msgspec.structs.replace(SCALP, executor=Executor.BARS, hold_ms=0, trades_per_day=10)
CEILINGS: Final = {Executor.SCALP: SCALP, Executor.BARS: BARS}

ORDERS_PER_TRADE: Final = 3
"""An entry, its stop and its exit: an entry is refused where all three would not fit into a second."""
UNITS: Final[Mapping[str, Unit]] = {
    "position": Unit.USD,
    "instrument": Unit.USD,
    "daily_loss": Unit.USD,
    "drawdown": Unit.USD,
    "hold_ms": Unit.MS,
    "loss_at_stop": Unit.USD,
    "open_positions": Unit.COUNT,
    "orders_per_second": Unit.COUNT,
    "trades_per_day": Unit.COUNT,
    "collar_bps": Unit.BPS,
    "orders_per_fill": Unit.COUNT,
}
"""Unit of each limit that may be tightened."""


class LooserLimitsError(ValueError):
    """Limits are above what the capital allows, or no limits at all. The message is one line."""


def highest(executor: Executor, capital: int) -> Limits:
    """The limits of a capital, in money units, before anything is tightened.

    Raises:
        LooserLimitsError: the capital is not above 0.
    """
    if capital <= 0:
        raise LooserLimitsError(f"A capital of {Unit.USD.show(capital)} has no limits. Give more than 0 USD.")
    of = CEILINGS[executor]
    return Limits(
        executor=executor,
        position=of.position_usd,
        instrument=_part(capital, of.instrument_share),
        daily_loss=min(of.daily_loss_usd, _part(capital, of.daily_loss_share)),
        drawdown=min(of.drawdown_usd, _part(capital, of.drawdown_share)),
        hold_ms=of.hold_ms,
        loss_at_stop=_part(capital, of.loss_at_stop_share),
        open_positions=of.open_positions,
        orders_per_second=of.orders_per_second,
        trades_per_day=of.trades_per_day,
        collar_bps=of.collar_bps,
        orders_per_fill=of.orders_per_fill,
    )


def effective(executor: Executor, capital: int, tighter: Mapping[str, int]) -> Limits:
    """The limits of a capital with some of them tightened, in the units of `Limits`.

    Raises:
        LooserLimitsError: an unknown name, or a value outside what `allowed` says.
    """
    limits = highest(executor, capital)
    for name, value in tighter.items():
        if name not in UNITS:
            raise LooserLimitsError(f"Unknown limit '{name}'. Allowed: {', '.join(UNITS)}.")
        if not _tightens(limits, name, value):
            raise LooserLimitsError(
                f"{name} cannot be {UNITS[name].show(value)}: a limit may be tightened, never loosened. "
                f"Give {allowed(limits, name)}."
            )
    return msgspec.structs.replace(limits, **tighter)


def allowed(limits: Limits, name: str) -> str:
    """What a limit may be set to, where `limits` are the highest."""
    low, high = lowest(name), getattr(limits, name)
    if not high:
        return f"{UNITS[name].show(low)} or more, or leave it out for no limit"
    if UNITS[name] in (Unit.USD, Unit.BPS):
        return f"more than 0 and at most {UNITS[name].show(high)}"
    return f"a whole number from {low} to {high}"


def lowest(name: str) -> int:
    """The tightest value of a limit."""
    return ORDERS_PER_TRADE if name == "orders_per_second" else 1


def require_limits(limits: Limits, capital: int) -> None:
    """Check that limits are those of a capital, or tighter: for limits that come from outside, as in a journal.

    Raises:
        LooserLimitsError: they are not.
    """
    effective(limits.executor, capital, {name: getattr(limits, name) for name in UNITS if _set(limits, name)})


def require_kind(limits: Limits, executor: Executor) -> None:
    """Check that limits are those of a kind of strategy: another kind may trade more often, or hold for longer.

    Raises:
        LooserLimitsError: they are not.
    """
    if limits.executor is not executor:
        raise LooserLimitsError(f"The limits are of '{limits.executor}'. Give those of '{executor}'.")


def tightest(run: Limits, given: Limits) -> Limits:
    """The tighter of two limits, name by name; those of the run where the others are of another kind of strategy."""
    if run.executor is not given.executor:
        return run
    tighter = {name: getattr(given, name) for name in UNITS if _is_tighter(getattr(given, name), getattr(run, name))}
    return msgspec.structs.replace(run, **tighter)


def _is_tighter(value: int, than: int) -> bool:
    """0 is no limit."""
    return bool(value) and (not than or value < than)


def described(limits: Limits) -> dict[str, str]:
    """The effective limits as text with units, by name."""
    return {name: unit.show(value) if (value := getattr(limits, name)) else "none" for name, unit in UNITS.items()}


def _set(limits: Limits, name: str) -> bool:
    """False for the longest hold of an executor that has none."""
    return bool(getattr(limits, name) or getattr(CEILINGS[limits.executor], name, True))


def _tightens(limits: Limits, name: str, value: int) -> bool:
    high = getattr(limits, name)
    return value >= lowest(name) and (not high or value <= high)


def _part(capital: int, share: int) -> int:
    return capital * share // SCALE
