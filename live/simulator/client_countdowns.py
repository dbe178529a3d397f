"""`countdownCancelAll` in the clients' time, so that a heartbeat works on a tape played faster than real time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from live.simulator.core.commands import CancelAll, SetCountdown
from live.simulator.core.events import Answered
from live.simulator.schedule import MS, Schedule


@dataclass(eq=False)
class ClientCountdowns:
    """Keeps the countdowns in place of the exchange, by account and symbol; they end with the run.

    clock: the clients' time in nanoseconds. clocked: what is due in it. carry_out: the exchange's.
    """

    clock: Callable[[], int]
    clocked: Schedule
    engine: Callable[[Any], Answered]
    _running: dict[tuple[str, str], int] = field(default_factory=dict)
    _started: int = 0

    def carry_out(self, body: Any) -> Answered:
        """Carry out a command; a countdown starts here, after the exchange has checked its symbol."""
        if not isinstance(body, SetCountdown):
            return self.engine(body)
        answered = self.engine(SetCountdown(body.account, body.symbol, 0))
        if answered.rejection:
            return answered
        self._start(body)
        return Answered(answered.command, body.countdown_ms)

    def _start(self, body: SetCountdown) -> None:
        key = (body.account, body.symbol)
        self._running.pop(key, None)
        if body.countdown_ms:
            self._started += 1
            self._running[key] = self._started
            self.clocked.add(self.clock() + body.countdown_ms * MS, partial(self._end, key, self._started))

    def _end(self, key: tuple[str, str], number: int) -> None:
        """Cancel the orders, unless the countdown was renewed or stopped."""
        if self._running.get(key) == number:
            del self._running[key]
            self.engine(CancelAll(*key))
