"""The trial ledger: never an undercount, whatever is killed, copied, deleted or edited, and never a quiet reset."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.evaluator import COLUMNS, Span
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.pipeline import Subject
from skills_lib.backtest.reference_sweep import Job, ReferenceSweep
from skills_lib.domain.costs import preset
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.model import Candles
from skills_lib.validate.counted import CountedEvaluator, LedgerCounter, configuration_keys, counting, open_counted
from skills_lib.validate.ledger import Ledger, Outcome
from skills_lib.validate.ledger_model import DAY_NS, Asked, TrialData
from tests.validate.markets import candles_of, random_walk
from tests.validate.processes import COUNTING, ROOT, counted_runs, start

BARS = random_walk(400, seed=3)
CANDLES = candles_of(BARS)
SMA = Subject("sma_crossover", strategies.load("sma_crossover"), strategies.source_file("sma_crossover"))
DATA = TrialData("BTCUSDT", "1h", False, 0, 1000 * DAY_NS, "d" * 64)
ASKED = Asked("a test", "sma_crossover", "c" * 64, "5" * 64, DATA)


class Room(NamedTuple):
    """A workspace and a user's folder."""

    user: Path
    home: Path

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.user / "trials.sqlite", self.home)

    @property
    def files(self) -> dict[str, Path]:
        return {"user": self.ledger.files.user, "workspace": self.ledger.files.workspace}

    def count(self, data: TrialData = DATA) -> int:
        return self.ledger.count(data).configurations

    @property
    def notices(self) -> list[str]:
        return self.ledger.count(DATA).notices


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "user", tmp_path / "home")


def keys(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.uint64)


def counter_of(
    room: Room, candles: Candles = CANDLES, subject: Subject = SMA, asked: BacktestSettings = BacktestSettings()
) -> LedgerCounter:
    return counting(room.ledger, "a test")(subject, candles, asked)


# What one trial is


def test_the_same_configuration_again_is_no_new_trial(room: Room) -> None:
    for _ in range(2):
        counter_of(room).reserve([{"fast": 10, "slow": 30}, {"slow": 40, "fast": 10}])
    counter_of(room).reserve([{"fast": 10, "slow": 40}])
    assert counter_of(room).count().configurations == 2


def test_another_engine_and_another_name_of_the_same_code_are_the_same_trial(room: Room, tmp_path: Path) -> None:
    copied = tmp_path / "my_own_idea.py"
    shutil.copy(SMA.source_file, copied)
    counter_of(room).reserve([{"fast": 10}])
    counter_of(room, asked=BacktestSettings(engine="kernel")).reserve([{"fast": 10}])
    counter_of(room, subject=Subject("my_own_idea", SMA.strategy, copied)).reserve([{"fast": 10}])
    assert counter_of(room).count().configurations == 1


def test_one_more_bar_is_the_same_market(room: Room) -> None:
    shorter = candles_of(BARS[:-1])
    counter_of(room, shorter).reserve([{"fast": 10}, {"fast": 11}])
    counter_of(room).reserve([{"fast": 11}, {"fast": 12}])
    assert counter_of(room).count().configurations == counter_of(room, shorter).count().configurations == 3


def test_parameters_settings_code_and_timeframe_each_make_another_trial(room: Room, tmp_path: Path) -> None:
    edited = tmp_path / "sma_crossover.py"
    edited.write_bytes(SMA.source_file.read_bytes() + b"\n# another idea\n")
    counter_of(room).reserve([{"fast": 10}])
    counter_of(room).reserve([{"fast": 11}])
    counter_of(room, asked=BacktestSettings(costs=preset("free"))).reserve([{"fast": 10}])
    counter_of(room, subject=Subject("sma_crossover", SMA.strategy, edited)).reserve([{"fast": 10}])
    counter_of(room, replace(CANDLES, timeframe=Timeframe.H4)).reserve([{"fast": 10}])
    assert counter_of(room).count().configurations == 5


def test_a_helper_that_a_strategy_draws_upon_is_part_of_its_code(
    tmp_path: Path, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "home" / "strategies"
    folder.mkdir(parents=True)
    monkeypatch.setenv("TWOKEY_HOME", str(tmp_path / "home"))
    own = folder / "drawing_upon.py"
    own.write_text(
        "from strategies._length import LENGTH\nfrom strategies.sma_crossover import SmaCrossover as _Sma\n\n\n"
        "class DrawingUpon(_Sma):\n    length = LENGTH\n"
    )
    for length in (1, 2, 2):
        (folder / "_length.py").write_text(f"LENGTH = {length}\n")
        for name in ("strategies._length", "strategies.drawing_upon"):
            sys.modules.pop(name, None)
        subject = Subject("drawing_upon", strategies.load("drawing_upon"), own)
        counter_of(room, subject=subject).reserve([{"fast": 10}])
    assert counter_of(room).count().configurations == 2


def test_other_markets_other_times_and_synthetic_bars_are_counted_apart(room: Room) -> None:
    later = candles_of(replace(BARS, open_time_ns=BARS.open_time_ns + 1000 * DAY_NS, close=BARS.close + 1))
    ether = replace(candles_of(replace(BARS, close=BARS.close + 2)), instrument=Instrument("ETH"))
    drawn = candles_of(replace(BARS, close=BARS.close + 3), synthetic=True)
    for candles in (CANDLES, later, ether, drawn):
        counter_of(room, candles).reserve([{"fast": 10}])
    for candles in (CANDLES, later, ether, drawn):
        assert counter_of(room, candles).count().configurations == 1


def test_the_same_bars_under_another_symbol_are_the_same_data(room: Room) -> None:
    counter_of(room, replace(CANDLES, instrument=Instrument("ETH"))).reserve([{"fast": 10}])
    assert counter_of(room).count().configurations == 1


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), min_size=1), min_size=1, max_size=40))
def test_two_combinations_have_one_key_where_they_are_equal(combinations: list[dict[str, int]]) -> None:
    found = configuration_keys(ASKED, combinations).tolist()
    for one, key in zip(combinations, found, strict=True):
        assert [other == one for other in combinations] == [other == key for other in found]


# Counted first, evaluated afterwards


class Noticing(SMA.strategy):  # type: ignore[misc, name-defined]
    """Remembers how many configurations were counted whenever it runs."""

    room: ClassVar[Room]
    seen: ClassVar[list[int]] = []

    def signals(self, bars):  # type: ignore[no-untyped-def]
        self.seen.append(self.room.count(TrialData.of(CANDLES)))
        return super().signals(bars)


def test_a_batch_is_in_the_ledger_before_the_first_of_it_runs(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    Noticing.room, asked = room, BacktestSettings()
    monkeypatch.setattr(Noticing, "seen", [])
    sweep = CountedEvaluator(ReferenceSweep(Job(Noticing, BARS, asked)), counter_of(room), BARS)
    sweep.evaluate([{"fast": 5, "slow": 20}, {"fast": 6, "slow": 20}], Span(0, 400))
    sweep.execute({"fast": 7, "slow": 20}, Span(0, 400), 1000.0)
    assert Noticing.seen == [2, 2, 3]


@pytest.mark.parametrize("broken", ["user", "workspace"])
def test_where_the_count_cannot_be_written_nothing_is_evaluated(
    room: Room, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.files[broken].parent.parent.mkdir(parents=True, exist_ok=True)
    room.files[broken].parent.write_text("a file where the folder should be")
    Noticing.room = room
    monkeypatch.setattr(Noticing, "seen", [])
    sweep = CountedEvaluator(ReferenceSweep(Job(Noticing, BARS, BacktestSettings())), counter_of(room), BARS)
    with pytest.raises(OSError, match="nothing is evaluated uncounted") as refused:
        sweep.evaluate([{"fast": 5, "slow": 20}], Span(0, 400))
    assert "\n" not in str(refused.value)
    assert Noticing.seen == []


def test_a_full_disk_stops_the_command_with_one_line_before_anything_runs(tmp_path: Path) -> None:
    """A limit on file size stands in for the full disk: the same writes fail."""
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "counting.py").write_text(COUNTING)
    code = (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))\n"
        "sys.argv = ['twokey', 'test-strategy', 'BTC', '1h', 'counting', '--source', 'sample']\n"
        "from scripts.cli import main\nmain()\n"
    )
    environment = os.environ | {"TWOKEY_HOME": str(tmp_path), "TWOKEY_LEDGER_DIR": str(tmp_path / "user")}
    environment |= {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "trial ledger" in done.stderr
    assert "TWOKEY_LEDGER_DIR" in done.stderr
    assert counted_runs(tmp_path) == []


def test_killed_while_it_evaluates_the_configuration_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = tmp_path / "user"
    monkeypatch.setenv("TWOKEY_LEDGER_DIR", str(user))
    (tmp_path / "strategies").mkdir()
    dying = COUNTING.replace("return super()", "os.kill(os.getpid(), 9)\n        return super()")
    (tmp_path / "strategies" / "counting.py").write_text(dying)
    run = start(tmp_path, "test-strategy", "BTC", "1h", "counting", "--source", "sample")
    run.communicate(timeout=120)
    assert run.returncode == -signal.SIGKILL
    assert len(counted_runs(tmp_path)) == 1
    (market,) = Room(user, tmp_path).ledger.read().reserved
    found = Room(user, tmp_path).ledger.count(market[1].data)
    assert (found.configurations, found.evaluated, found.notices) == (1, 0, [])


RESERVING = """
import sys
from pathlib import Path
import numpy as np
from skills_lib.validate.ledger import Ledger
from skills_lib.validate.ledger_model import DAY_NS, Asked, TrialData
user, home, first, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
data = TrialData("BTCUSDT", "1h", False, 0, 1000 * DAY_NS, "d" * 64)
for key in range(first, first + number):
    keys = np.array([key, 0], dtype=np.uint64)
    Ledger(user / "trials.sqlite", home).reserve(Asked("a test", "sma", "c" * 64, "5" * 64, data), keys)
    print(key, flush=True)
"""


def reserving(room: Room, first: int, number: int) -> "subprocess.Popen[str]":
    """A process that reserves keys one after the other, and says each when it is in the ledger."""
    arguments = [str(room.user), str(room.home), str(first), str(number)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RESERVING, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_processes_that_write_at_once_lose_nothing(room: Room, tmp_path: Path) -> None:
    other = Room(room.user, tmp_path / "other home")
    writers = [reserving(room, 100, 25), reserving(room, 200, 25), reserving(other, 300, 25)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    assert room.count() == other.count() == 1 + 75
    assert room.notices == other.notices == []


def test_what_was_reserved_before_a_kill_is_there_and_both_files_agree(room: Room) -> None:
    told = 0
    for first in (1000, 2000, 3000):
        writer = reserving(room, first, 100_000)
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(5)]
        writer.kill()
        told += len(lines) + len(writer.stdout.read().splitlines())
        writer.wait()
    assert told + 1 <= room.count() <= told + 1 + 3  # of each writer one may be written and not yet told
    assert room.notices == []


# Copied, deleted, edited


def test_a_copied_workspace_counts_what_the_first_tried_and_the_other_way_round(room: Room, tmp_path: Path) -> None:
    room.ledger.reserve(ASKED, keys(1, 2))
    copied = Room(room.user, tmp_path / "copy")
    shutil.copytree(room.home, copied.home)
    copied.ledger.reserve(ASKED, keys(3))
    room.ledger.reserve(ASKED, keys(4))
    assert room.count() == copied.count() == 4
    assert room.notices == copied.notices == []


def test_a_workspace_copied_to_another_user_brings_its_trials_along_and_says_so(room: Room, tmp_path: Path) -> None:
    room.ledger.reserve(ASKED, keys(1, 2))
    elsewhere = Room(tmp_path / "another user", tmp_path / "copy")
    shutil.copytree(room.home, elsewhere.home)
    assert elsewhere.count() == 2
    elsewhere.ledger.reserve(ASKED, keys(3))
    shutil.rmtree(elsewhere.home)
    assert elsewhere.count() == 3
    elsewhere.ledger.reserve(ASKED, keys(3))
    assert elsewhere.count() == 3


@pytest.mark.parametrize("gone", ["user", "workspace"])
def test_a_deleted_file_loses_nothing_and_is_told_from_then_on(room: Room, gone: str) -> None:
    room.ledger.reserve(ASKED, keys(1, 2))
    room.files[gone].unlink()
    assert room.count() == 2
    (told,) = room.notices
    assert f"{room.files[gone]} is gone: it was reset after" in told
    room.ledger.reserve(ASKED, keys(3))
    assert room.count() == 3
    for _ in range(2):
        (told,) = room.notices
        assert "was reset at" in told
        assert str(room.files[gone]) in told
    other = next(path for name, path in room.files.items() if name != gone)
    other.unlink()
    assert room.count() == 3


@pytest.mark.parametrize("damaged", ["user", "workspace"])
def test_a_file_that_is_no_ledger_is_set_aside_and_made_again_from_the_other(room: Room, damaged: str) -> None:
    room.ledger.reserve(ASKED, keys(1, 2))
    room.files[damaged].write_bytes(b"not a database at all" * 500)
    assert room.count() == 2
    assert any("cannot be read" in told for told in room.notices)
    room.ledger.reserve(ASKED, keys(3))
    assert room.count() == 3
    assert any("was reset at" in told for told in room.notices)
    assert len(list(room.files[damaged].parent.glob("*.broken-*"))) == 1


@pytest.mark.parametrize("file", ["user", "workspace"])
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM entries WHERE sequence = 2", "cut short"),
        ("DELETE FROM entries WHERE sequence = 3", "cut short"),
        ("DELETE FROM entries", "cut short"),
        ("UPDATE entries SET payload = x'' WHERE sequence = 2", "was edited"),
        ("UPDATE entries SET body = '{}' WHERE sequence = 1", "was edited"),
        ("UPDATE entries SET at = '2020-01-01T00:00:00' WHERE sequence = 1", "was edited"),
    ],
)
def test_an_edited_file_is_noticed_and_the_union_counts(room: Room, file: str, statement: str, words: str) -> None:
    for key in (1, 2, 3):
        room.ledger.reserve(ASKED, keys(key))
    with closing(sqlite3.connect(room.files[file])) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
        connection.execute("DROP TRIGGER nothing_is_deleted")
        connection.execute("DROP TRIGGER nothing_is_changed")
        connection.execute(statement)
        connection.commit()
    assert room.count() == 3
    assert any(words in told and str(room.files[file]) in told for told in room.notices)
    room.ledger.reserve(ASKED, keys(4))
    assert room.count() == 4
    assert any(str(room.files[file]) in told for told in room.notices)


LOSSES = ["a", "b", "lose a", "lose b", "lose user"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "lose a", "lose b", "lose user"]), st.integers(0, 30)), max_size=8)
)
def test_no_loss_of_one_file_at_a_time_makes_the_count_too_low(
    tmp_path_factory: pytest.TempPathFactory, work: Sequence[tuple[str, int]]
) -> None:
    folder, tried = tmp_path_factory.mktemp("rooms"), {99}
    rooms = {name: Room(folder / "user", folder / name) for name in ("a", "b")}
    for one in rooms.values():
        one.ledger.reserve(ASKED, keys(99))
    for what, key in work:
        if what in rooms:
            rooms[what].ledger.reserve(ASKED, keys(key))
            tried.add(key)
        else:
            lost = what.removeprefix("lose ")
            (folder / "user" / "trials.sqlite" if lost == "user" else rooms[lost].files["workspace"]).unlink()
            for one in rooms.values():  # both work on: what is left finds its way into what was lost
                one.ledger.reserve(ASKED, keys(99))
        assert {one.count() for one in rooms.values()} == {len(tried)}


def test_a_ledger_of_a_newer_format_is_refused_rather_than_miscounted(room: Room) -> None:
    room.ledger.reserve(ASKED, keys(1))
    with closing(sqlite3.connect(room.files["user"])) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(Exception, match="has format 2"):
        room.ledger.reserve(ASKED, keys(2))


# What was found


def test_the_variance_is_that_of_the_trials_daily_sharpe_ratios(room: Room) -> None:
    found = np.array([0.05, -0.02, np.nan, 0.01])
    room.ledger.reserve(ASKED, keys(1, 2, 3, 4, 5))
    room.ledger.record([Outcome(ASKED, keys(1, 2, 3, 4), found, 1000.0)])
    trials = room.ledger.count(DATA)
    assert (trials.configurations, trials.evaluated, trials.sharpes) == (5, 4, 3)
    assert trials.sharpe_variance == pytest.approx(np.var([0.05, -0.02, 0.01], ddof=1))


def test_short_spans_say_nothing_of_the_variance_and_the_longest_span_speaks_for_a_configuration(room: Room) -> None:
    room.ledger.reserve(ASKED, keys(1, 2, 3))
    room.ledger.record([Outcome(ASKED, keys(1, 2), np.array([0.3, 0.1]), 900.0)])
    room.ledger.record([Outcome(ASKED, keys(1), np.array([0.2]), 1000.0)])
    room.ledger.record([Outcome(ASKED, keys(1), np.array([9.0]), 600.0)])
    room.ledger.record([Outcome(ASKED, keys(3), np.array([5.0]), 180.0)])
    trials = room.ledger.count(DATA)
    assert (trials.evaluated, trials.sharpes) == (3, 2)
    assert trials.sharpe_variance == pytest.approx(np.var([0.2, 0.1], ddof=1))


def test_without_two_ratios_there_is_no_variance(room: Room) -> None:
    assert room.ledger.count(DATA).sharpe_variance is None
    room.ledger.reserve(ASKED, keys(1))
    room.ledger.record([Outcome(ASKED, keys(1), np.array([0.1]), 1000.0)])
    assert room.ledger.count(DATA).sharpe_variance is None


def test_a_sweep_leaves_its_daily_sharpe_ratios(room: Room) -> None:
    counter, asked = counter_of(room), BacktestSettings()
    inner = ReferenceSweep(Job(SMA.strategy, BARS, asked))
    combinations = [{"fast": 5, "slow": 20}, {"fast": 6, "slow": 20}, {"fast": 7, "slow": 20}]
    with open_counted(nullcontext(inner), counter, BARS) as sweep:
        rows = sweep.evaluate(combinations, Span(0, 400))
    trials = room.ledger.count(TrialData.of(CANDLES))
    annual = rows[:, COLUMNS["sharpe"]]
    assert trials.evaluated == 3
    assert trials.sharpe_variance == pytest.approx(np.var(annual / np.sqrt(365), ddof=1))


def test_results_older_than_the_ledger_betray_that_both_files_were_deleted(room: Room) -> None:
    room.ledger.reserve(ASKED, keys(1, 2))
    stored = room.home / "backtests" / "optimizations" / "sma_crossover-2024-01-01-0123456789abcdef"
    stored.mkdir(parents=True)
    (stored / "result.json").write_text("{}")
    assert room.notices == []
    for path in room.files.values():
        path.unlink()
    assert "1 stored results" in room.notices[0]
    room.ledger.reserve(ASKED, keys(3))
    (told,) = room.notices
    assert "are older than the first entry" in told
    assert "both of its files were reset" in told
