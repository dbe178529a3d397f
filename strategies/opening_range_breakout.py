"""Intraday breakout from the range of the first minutes of a session."""

import numpy as np

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars, BoolArray
from skills_lib.domain.indicators import opening_range
from skills_lib.domain.parameters import Choice, Integer, Real
from skills_lib.domain.sessions import (
    first_in_session,
    session_number,
    session_starts,
    since_session_open,
    value_at_start,
)
from skills_lib.domain.signals import Signals, price_away
from skills_lib.domain.time import DAY_NS, MINUTE_NS


class OpeningRangeBreakout(SignalStrategy):
    """Long when the close first breaks above the session's opening range, short when it first breaks below.

    The market is open 24/7, so a session is a day that starts at `open_hour` UTC; its first `range_minutes` form the
    range (the first bar, if bars are longer). One entry per direction and session, flat by the session's last bar.
    The stop lies at the other side of the range; the target is `target_ranges` times the range's width from the
    entry's close (0 means none). Needs bars of 6 hours or shorter: longer ones leave no bar to trade between range
    and close. Loses on days without direction, when a breakout turns back into the range, and to costs: it trades
    nearly every day.
    """

    open_hour = Integer(0, low=0, high=23)
    range_minutes = Integer(60, low=5, high=720, step=5)
    direction = Choice("both", ("both", "long", "short"))
    stop = Choice("range", ("range", "none"))
    target_ranges = Real(0.0, low=0.0, high=10.0, step=0.5)

    def signals(self, bars: Bars) -> Signals:
        close = bars.close
        top, bottom = opening_range(
            bars.open_time_ns, bars.high, bars.low, bars.interval_ns, self.open_hour, self.range_minutes
        )
        starts = session_starts(session_number(bars.open_time_ns, self.open_hour))
        tradable, closing = self._phases(bars, starts)
        long_entry = first_in_session(tradable & (close > top), starts)
        distance = self.target_ranges * (top - bottom)
        return Signals(
            long_entry=long_entry,
            short_entry=first_in_session(tradable & (close < bottom), starts),
            long_exit=closing,
            short_exit=closing,
            stop_price=np.where(long_entry, bottom, top) if self.stop == "range" else None,
            target_price=price_away(close, distance, long_entry) if self.target_ranges else None,
            indicators={"Range high": top, "Range low": bottom},
        ).only(self.direction)

    def _phases(self, bars: Bars, starts: BoolArray) -> tuple[BoolArray, BoolArray]:
        """Bars on which an entry may be signalled, and bars on which positions are closed: bool[n] each.

        A signal is filled at the next open, so the exit signal comes one bar early; if that bar is missing, the first
        bar of the next session closes the position. A session whose range is missing is not traded.
        """
        since = since_session_open(bars.open_time_ns, self.open_hour)
        inside = since < max(self.range_minutes * MINUTE_NS, bars.interval_ns)
        closing = starts | (since + 2 * bars.interval_ns >= DAY_NS)
        return value_at_start(inside, starts) & ~inside & ~closing, closing
