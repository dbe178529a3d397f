"""Strategies that misbehave once, for tests of what happens to workers."""

import os
import signal
from pathlib import Path
from typing import ClassVar

from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.indicators import sma
from skills_lib.domain.parameters import Integer
from skills_lib.domain.signals import Signals, crosses_above, crosses_below, never


class DiesOnce(SignalStrategy):
    """Kills its own process on the first run for which `marker` does not exist; always, where `marker` is empty."""

    marker: ClassVar[Path | None] = None
    fast = Integer(5, low=2, high=100)

    def signals(self, bars: Bars) -> Signals:
        if self.fast == 7 and (self.marker is None or not self.marker.exists()):
            if self.marker is not None:
                self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        average = sma(bars.close, self.fast)
        none = never(len(bars))
        up, down = crosses_above(bars.close, average), crosses_below(bars.close, average)
        return Signals(up, down, none, none, indicators={"SMA": average})
