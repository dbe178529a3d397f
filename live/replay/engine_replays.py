"""The engine's runs on tapes, as a report takes them: every tape is decoded once."""

from collections.abc import Sequence
from pathlib import Path

from live.engine.events import BookChanged
from live.journal.opening import new_journal
from live.journal.settings import Fsync
from live.journal.writer import NoJournal
from live.replay.conditions import Conditions
from live.replay.market import MarketEvent, market_events
from live.replay.session import RUN, Session
from live.replay.study.runs import TapeRun
from live.replay.study.variants import Variant
from live.simulator.scaled_messages import scaled_tape
from live.simulator.tape_source import Played, TapeSource
from skills_lib.domain.errors import InputError
from skills_lib.market.depth.tape.lines import read_lines


class EngineReplays:
    """`Replays` of the engine.

    Raises:
        InputError: a tape holds no usable book of the symbol.
    """

    def __init__(self, paths: Sequence[Path], conditions: Conditions) -> None:
        self._conditions = conditions
        self._tapes: list[tuple[list[Played], list[MarketEvent]]] = []
        for path in paths:
            tape = list(scaled_tape(TapeSource().read(read_lines(path))))
            events = market_events(tape, conditions.symbol)
            if not any(type(event) is BookChanged and event.usable for event in events):
                found = ", ".join(sorted({line.symbol for line in tape if line.symbol})) or "none"
                raise InputError(
                    f"{path} holds no usable book of {conditions.symbol}. Symbols on it: {found}. "
                    f"Inspect it with `twokey tape check {path}`."
                )
            self._tapes.append((tape, events))

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First and last exchange time of each tape."""
        return [(tape[0].time_ns, tape[-1].time_ns) for tape, _ in self._tapes]

    def run(self, tape: int, variant: Variant, journal: Path | None = None) -> TapeRun:
        """Play a tape from its start; the journal is written to a file, or nowhere."""
        played, events = self._tapes[tape]
        if journal is None:
            return Session(played, events, self._conditions, variant, NoJournal()).play()
        writer = new_journal(journal, played[0].time_ns, RUN, Fsync.NEVER)
        try:
            return Session(played, events, self._conditions, variant, writer).play()
        finally:
            writer.close()
