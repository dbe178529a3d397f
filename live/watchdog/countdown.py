"""The exchange's own timer as a second line: page "Auto-Cancel All Open Orders". Every call weighs 10.

When it is no longer renewed, because this machine or its network is gone, the exchange cancels the orders of a symbol.
It never closes a position. Whether it also cancels conditional orders is not established, and the stop of a position
must stay: so it runs only for symbols without a position, where an entry may rest, and is off where there is one.
"""

from collections.abc import Sequence
from typing import Final

from live.account.reads import WITHIN_NS, Unknown, read_positions
from live.binance.calls import Call
from live.client.conversations import Conversation, ask_all
from live.client.wire import S

LENGTH_MS: Final = 60_000
"""The timer's length. An entry rests for less; three renewals may fail before it ends."""
RENEWED_NS: Final = 15 * S
PATH: Final = "/fapi/v1/countdownCancelAll"


def renew(symbols: Sequence[str]) -> Conversation[tuple[str, ...]]:
    """Renew the timers of symbols without a position and switch off the others; returns whose timers run.

    Nothing is changed while the positions are not known.
    """
    seen = yield from read_positions(symbols)
    if isinstance(seen.risk, Unknown):
        return ()
    held = {position.symbol for position in seen.positions}
    lengths = {symbol: 0 if symbol in held else LENGTH_MS for symbol in symbols}
    answers = yield from ask_all([_timer(*one) for one in lengths.items()], WITHIN_NS)
    taken = [answer is not None and answer.status == 200 for answer in answers]
    return tuple(symbol for symbol, good in zip(lengths, taken, strict=True) if good and lengths[symbol])


def switch_off(symbols: Sequence[str]) -> Conversation[None]:
    """Switch the timers of symbols off: the watchdog ends in order."""
    yield from ask_all([_timer(symbol, 0) for symbol in symbols], WITHIN_NS)


def _timer(symbol: str, length_ms: int) -> Call:
    return Call("POST", PATH, {"symbol": symbol, "countdownTime": str(length_ms)})
