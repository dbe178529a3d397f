"""Settings of the order-book imbalance strategy; `docs/imbalance.md` specifies what each does."""

from enum import StrEnum

import msgspec

from live.money import SCALE


class EntryKind(StrEnum):
    """TAKER: a limit order, immediate or cancel, at most `max_slippage_bps` beyond the best price. POST_ONLY: GTX at
    the best price of its own side, cancelled after `post_only_wait_ms`."""

    TAKER = "taker"
    POST_ONLY = "post-only"


class ImbalanceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Ratios, basis points and USD are integers in units of 1e-8 of the unit named; durations in milliseconds.

    depth: levels of each side. persistence: how many updates in a row must agree. cooldown_ms: after an exit, in the
    symbol. pause_after_stops stops in a row: no entries for stop_pause_ms. max_age_ms: the oldest venue time of a book
    that may be traded on. order_usd: notional of an entry.
    """

    depth: int = 5
    buy_ratio: int = 3 * SCALE
    sell_ratio: int = 33 * SCALE // 100
    target_bps: int = 20 * SCALE
    stop_bps: int = 15 * SCALE
    hold_ms: int = 60_000
    persistence: int = 1
    cooldown_ms: int = 1_000
    pause_after_stops: int = 3
    stop_pause_ms: int = 60_000
    max_spread_bps: int = SCALE
    max_age_ms: int = 1_000
    entry: EntryKind = EntryKind.TAKER
    post_only_wait_ms: int = 2_000
    max_slippage_bps: int = 2 * SCALE
    order_usd: int = 10_000 * SCALE
