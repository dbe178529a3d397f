"""Settings of the order-book imbalance strategy (`docs/imbalance.md`) and of strategies on bars (`docs/bars.md`)."""

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

    @property
    def entry_wait_ms(self) -> int:
        """After this long an entry that may still fill is cancelled."""
        return self.post_only_wait_ms

    def rest_ms(self, stops_in_a_row: int) -> int:
        """How long a symbol takes no entry after a position, longer after several stops in a row."""
        pauses = bool(stops_in_a_row) and stops_in_a_row % self.pause_after_stops == 0
        return self.stop_pause_ms if pauses else self.cooldown_ms


class BarSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Basis points and USD in units of 1e-8 of the unit named; durations in milliseconds.

    strategy, timeframe, parameters: what decided, for who reads the journal. history_bars: the last closed bars that
    the strategy sees. order_usd: notional of an entry of share 1. stop_bps: distance of the stop of an entry for which
    the strategy names none. hold_ms: longest hold, 0 for none. max_delay_ms: after the close of its bar an entry is not
    sent any more. max_age_ms: the oldest venue time of a book that may be traded on. entry_wait_ms: after this long an
    entry that may still fill is cancelled.
    """

    strategy: str
    timeframe: str
    parameters: dict[str, str] = {}
    history_bars: int = 1_000
    order_usd: int = 10_000 * SCALE
    stop_bps: int = 200 * SCALE
    hold_ms: int = 0
    max_delay_ms: int = 10_000
    max_spread_bps: int = 5 * SCALE
    max_age_ms: int = 1_000
    max_slippage_bps: int = 5 * SCALE
    entry_wait_ms: int = 2_000

    def rest_ms(self, _: int) -> int:
        """None: a strategy on bars decides once a bar."""
        return 0


StrategySettings = ImbalanceSettings | BarSettings
