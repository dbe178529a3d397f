"""Lines and books that are passed together leave what they leave one by one: decisions, journal and every figure."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.engine.limits import Executor, effective
from live.engine.settings import EntryKind, ImbalanceSettings
from live.money import SCALE
from live.replay.conditions import Conditions
from live.replay.study.runs import TapeRun
from live.replay.study.variants import SignalChoice, SignalKind, Variant
from live.replay.tape_run import EngineRun
from live.replay.tapes import ReplayTape
from live.simulator.core.fill_models import FillModel
from live.simulator.latency import ASSUMED, NONE
from live.simulator.scaled_messages import scaled_tape
from live.simulator.tape_lines import IteratedLines, TapeLines
from live.simulator.tape_source import TapeSource
from skills_lib.domain.errors import TwokeyError
from skills_lib.market.depth.tape.lines import read_lines
from tests.live.replay.planted_tape import PlantedTape
from tests.live.simulator.tapes import TapeWriter

CAPITAL = 40_000 * SCALE
CONDITIONS = Conditions(symbol="BTCUSDT", capital=CAPITAL, limits=effective(Executor.SCALP, CAPITAL, {}), seed=7)
LOOSE = ImbalanceSettings(buy_ratio=130_000_000, sell_ratio=75_000_000, cooldown_ms=300)
S = 1_000_000_000


class LineByLine(ReplayTape):
    """A tape of which nothing is passed together."""

    def lines(self) -> TapeLines:
        return IteratedLines(scaled_tape(TapeSource().read(read_lines(self.path))))


def outcome(tape: Callable[[Path], ReplayTape], path: Path, variant: Variant) -> tuple[TapeRun, bytes] | str:
    """The run and its journal, or why it ended."""
    with TemporaryDirectory() as folder:
        journal = Path(folder) / "run.journal"
        try:
            return EngineRun(tape(path), CONDITIONS, variant, journal).play(), journal.read_bytes()
        except TwokeyError as error:
            return str(error).replace(folder, "")


def agree(path: Path, variant: Variant) -> TapeRun | None:
    together = outcome(ReplayTape, path, variant)
    assert together == outcome(LineByLine, path, variant)
    return None if isinstance(together, str) else together[0]


SIGNALS = (
    SignalChoice(),
    SignalChoice(kind=SignalKind.RANDOM, seed=3, books_per_entry=9.0),
    SignalChoice(kind=SignalKind.INVERTED),
    SignalChoice(kind=SignalKind.DELAYED, delay_ns=S),
)
SETTINGS = (
    ImbalanceSettings(),
    LOOSE,
    msgspec.structs.replace(LOOSE, persistence=3),
    msgspec.structs.replace(LOOSE, entry=EntryKind.POST_ONLY),
    msgspec.structs.replace(LOOSE, depth=1),
    msgspec.structs.replace(LOOSE, depth=20),
)
VARIANTS = st.builds(
    Variant,
    settings=st.sampled_from(SETTINGS),
    fills=st.sampled_from(FillModel),
    latency=st.sampled_from([NONE, ASSUMED]),
    signal=st.sampled_from(SIGNALS),
)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("planted") / "edge.ts_jsonl"
    path.write_text("\n".join(PlantedTape(0.8, 3).episodes(12)))
    return path


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda choice: str(choice.kind))
def test_every_signal_trades_alike(planted: Path, signal: SignalChoice) -> None:
    found = agree(planted, Variant(settings=LOOSE, fills=FillModel.PESSIMISTIC, latency=ASSUMED, signal=signal))
    assert found is not None
    assert len(found.trades.round_trips) > 3


CHANGES = st.lists(
    st.tuples(st.integers(0, 2_000), st.sampled_from(["drop", "repeat", "snapshot", "cut", "odd", "hole", "burst"])),
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(CHANGES, st.integers(1, 9), st.booleans(), VARIANTS)
def test_damaged_tapes_are_played_alike(
    changes: list[tuple[int, str]], seed: int, wanders: bool, variant: Variant
) -> None:
    writer = TapeWriter(seed, wanders=wanders, changed=range(4), step_ms=100)
    lines = list(writer.lines(60))
    for place, change in changes:
        at = 1 + place % (len(lines) - 1)
        if change == "drop":
            del lines[at]
        elif change == "repeat":
            lines.insert(at, lines[at])
        elif change == "cut":
            lines[at] = lines[at][:-9]
        elif change == "odd":
            lines[at] = lines[at].replace('0"', 'e0"', 1)
        elif change == "snapshot":
            lines.append(writer._line(writer._snapshot()))
            lines += list(writer.lines(30))[1:]
        elif change == "hole":
            writer.now_ms += 7_000
            lines += list(writer.lines(30))[1:]
        else:
            lines[at:at] = [line for line in lines if "bookTicker" in line][:1] * 600
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tape.ts_jsonl"
        path.write_text("\n".join(lines))
        agree(path, variant)
