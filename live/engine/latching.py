"""The latch: what ends entries for the rest of a run."""

from live.engine.actions import Action, Alert
from live.engine.state import EngineState, Latch


def latch(
    state: EngineState, reason: str, symbol: str, text: str, flatten: bool = False, code: str = ""
) -> list[Action]:
    """End entries for good; with `flatten` everything is closed as well. A latch is only ever made stronger.

    code: of the alert, where the reason is no fixed word.
    """
    before = state.latch
    if before and (before.flatten or not flatten):
        return []
    state.latch = Latch(reason, state.now_ns, flatten)
    return [Alert(state.now_ns, code or reason, symbol, text)]


def alert(state: EngineState, code: str, symbol: str, text: str) -> list[Action]:
    """Tell a person."""
    return [Alert(state.now_ns, code, symbol, text)]
