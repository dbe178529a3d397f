"""The engine's runs on tapes, as a report takes them: every tape is decoded once, unless it is too long to keep."""

from collections.abc import Sequence
from pathlib import Path

from live.engine.settings import ImbalanceSettings
from live.replay.conditions import Conditions
from live.replay.first_price import contract_and_price
from live.replay.study.runs import TapeRun
from live.replay.study.variants import Variant
from live.replay.tape_run import EngineRun
from live.replay.tapes import ReplayTape
from live.start.capital import require_capital
from skills_lib.domain.errors import InputError


class EngineReplays:
    """`Replays` of the engine. settings: of all that will be run, for which the capital must suffice.

    Raises:
        InputError: a tape holds no book of the symbol, or the capital is too small for it.
        OSError: a tape cannot be read.
    """

    def __init__(self, paths: Sequence[Path], conditions: Conditions, settings: Sequence[ImbalanceSettings]) -> None:
        self._conditions = conditions
        self._tapes = [ReplayTape(path) for path in paths]
        for tape in self._tapes:
            if conditions.symbol not in tape.symbols:
                raise InputError(
                    f"{tape.path} holds no usable book of {conditions.symbol}. Symbols on it: "
                    f"{', '.join(tape.symbols)}. Inspect it with `twokey tape check {tape.path}`."
                )
            self._require_capital(tape, settings)

    def _require_capital(self, tape: ReplayTape, settings: Sequence[ImbalanceSettings]) -> None:
        conditions = self._conditions
        contract, price = contract_and_price(tape, conditions.symbol)
        for one in settings if price else ():
            require_capital(contract, price, conditions.capital, conditions.limits, one)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First and last exchange time of each tape."""
        return [tape.span for tape in self._tapes]

    def run(self, tape: int, variant: Variant, journal: Path | None = None) -> TapeRun:
        """Play a tape from its start; the journal is written to a file, or nowhere. Raises as `EngineRun.play`."""
        return EngineRun(self._tapes[tape], self._conditions, variant, journal).play()
