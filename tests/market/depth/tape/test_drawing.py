"""Drawn tapes: the same for the same seed, without findings, with the statistics of real ones, never half written."""

import pickle
import signal
import subprocess
import sys
from itertools import islice, pairwise
from pathlib import Path

import pytest

from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.market.depth.model import DepthUpdate, MarkPrice, Venue
from skills_lib.market.depth.tape.check import check_tape
from skills_lib.market.depth.tape.drawing.book import ASK, BID
from skills_lib.market.depth.tape.drawing.job import DrawRequest, draw_tape
from skills_lib.market.depth.tape.drawing.market import SyntheticMarket
from skills_lib.market.depth.tape.drawing.parameters import FITTED, fitted
from skills_lib.market.depth.tape.drawing.unfinished import unpacked
from skills_lib.market.depth.tape.drawing.wire import START_MS, SyntheticLines
from skills_lib.market.depth.tape.importing import import_tape
from skills_lib.market.depth.tape.sample import SYNTHETIC_TAPE, is_synthetic
from skills_lib.market.depth.tape.store import find_damage, read_manifest
from skills_lib.market.depth.wire import decode
from tests.command import Command
from tests.market.depth.tape_statistics import read_statistics

_FUNDING_MS = 8 * 3_600_000
each_symbol = pytest.mark.parametrize("symbol", FITTED)


def make(folder: Path, symbol: str = "BTCUSDT", seed: int = 1, seconds: int = 20) -> Path:
    """The folder of a drawn tape."""
    return draw_tape(DrawRequest(symbol, seconds / 3_600, seed), folder).folder


@each_symbol
def test_a_tape_of_passes_its_check_without_a_finding(tmp_path: Path, symbol: str) -> None:
    folder = make(tmp_path, symbol)
    report = check_tape(folder)
    assert (report.symbol, report.venue, report.problems) == (symbol, Venue.USDM, [])
    assert report.messages["depth"] == 200
    assert report.bbo_matched == report.bbo_checked > 100
    assert report.latency is not None
    assert report.latency.min_ms > 0
    assert find_damage(folder) == []


def test_the_same_request_draws_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (make(tmp_path / name, seed=seed, seconds=5) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    names = [path.name for path in sorted(first.iterdir())]
    assert [(first / name).read_bytes() for name in names] == [(again / name).read_bytes() for name in names]
    assert (first / names[-1]).read_bytes() != (other / names[-1]).read_bytes()


def test_it_is_labelled_synthetic_wherever_it_is_read(tmp_path: Path, twokey: Command) -> None:
    folder = make(tmp_path, seconds=5)
    assert is_synthetic(folder)
    assert SYNTHETIC_TAPE in twokey("tape", "check", str(folder)).err
    imported = import_tape(folder, "BTCUSDT", Venue.USDM, tmp_path / "tapes")
    assert is_synthetic(imported.folder)
    manifest = read_manifest(imported.folder)
    assert manifest is not None
    assert manifest.origin.startswith("synthetic: import of")


SECONDS, PART_S = 6, 2
LONG = DrawRequest("BTCUSDT", SECONDS / 3_600, 1)


def draw_until(folder: Path, second: int) -> None:
    """Begin a tape in three parts and stop it, as ctrl-C does."""

    def stop(done: int, _total: int, _message: str) -> None:
        if done == second:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_tape(LONG, folder, stop, PART_S)


def finish(folder: Path) -> dict[str, bytes]:
    """Draw the tape to its end; the bytes of each file."""
    tape = draw_tape(LONG, folder, part_s=PART_S).folder
    assert [path.name for path in folder.iterdir()] == [tape.name]
    return {path.name: path.read_bytes() for path in tape.iterdir()}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the tape that was drawn at once."""
    files = finish(tmp_path_factory.mktemp("uninterrupted"))
    assert sorted(files) == ["manifest.json", *(f"part-000{number}.ts_jsonl.zst" for number in (1, 2, 3))]
    return files


def test_stopping_it_before_the_first_part_is_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    draw_until(tmp_path, PART_S - 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stops", [(1,), (3,), (5,), (2, 4), (3, 3, 5)])
def test_a_draw_that_was_stopped_goes_on_to_the_same_bytes(
    tmp_path: Path, stops: tuple[int, ...], uninterrupted: dict[str, bytes]
) -> None:
    for second in stops:
        draw_until(tmp_path, second)
    assert finish(tmp_path) == uninterrupted


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    draw_until(tmp_path, 5)
    seen = list[int]()
    draw_tape(LONG, tmp_path, lambda done, _total, _message: seen.append(done), PART_S)
    assert seen[0] == 4


def test_a_draw_that_was_killed_goes_on_to_the_same_bytes(tmp_path: Path, uninterrupted: dict[str, bytes]) -> None:
    program = f"""
import os, pathlib, signal
from skills_lib.market.depth.tape.drawing.job import DrawRequest, draw_tape
def kill(done, _total, _message):
    if done == 3:
        os.kill(os.getpid(), signal.SIGKILL)
draw_tape({LONG!r}, pathlib.Path({str(tmp_path)!r}), kill, {PART_S})
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    assert finish(tmp_path) == uninterrupted


def test_what_a_stopped_draw_leaves_is_hidden_synthetic_and_lacks_a_part(tmp_path: Path) -> None:
    draw_until(tmp_path, 3)
    (left,) = tmp_path.iterdir()
    assert left.name == f".{LONG.name}.unfinished"
    assert is_synthetic(left)
    assert find_damage(left) == ["part-0002.ts_jsonl.zst is missing."]
    assert any("part-0002" in problem for problem in check_tape(left).problems)


@pytest.mark.parametrize("damaged", ["checkpoint", "part-0001.ts_jsonl.zst"])
@pytest.mark.parametrize("how", ["cut", "altered", "emptied"])
def test_what_is_left_and_damaged_is_drawn_anew(
    tmp_path: Path, damaged: str, how: str, uninterrupted: dict[str, bytes]
) -> None:
    draw_until(tmp_path, 3)
    (path,) = tmp_path.glob(f".*/{damaged}")
    content = path.read_bytes()
    path.write_bytes({"cut": content[:-1], "altered": content[:-1] + bytes([content[-1] ^ 1]), "emptied": b""}[how])
    assert finish(tmp_path) == uninterrupted


def test_a_checkpoint_holds_nothing_but_a_market() -> None:
    with pytest.raises(pickle.UnpicklingError, match="no part of a synthetic market"):
        unpacked(pickle.dumps(subprocess.run))


def test_one_tape_is_drawn_by_one_process_at_a_time(tmp_path: Path, uninterrupted: dict[str, bytes]) -> None:
    refusals = list[str]()

    def draw_too(done: int, _total: int, _message: str) -> None:
        if done == 3:
            with pytest.raises(TwokeyError) as refused:
                draw_tape(LONG, tmp_path, part_s=PART_S)
            refusals.append(str(refused.value))

    tape = draw_tape(LONG, tmp_path, draw_too, PART_S).folder
    assert refusals
    assert "drawn already" in refusals[0]
    assert {path.name: path.read_bytes() for path in tape.iterdir()} == uninterrupted


def test_progress_counts_the_seconds_of_the_market(tmp_path: Path) -> None:
    seen = list[tuple[int, int]]()
    draw_tape(DrawRequest("BTCUSDT", 5 / 3_600, 1), tmp_path, lambda done, total, _: seen.append((done, total)))
    assert [total for _, total in seen] == [5] * len(seen)
    assert sorted({done for done, _ in seen}) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--symbol", "BTCUSD"), "No market is fitted for BTCUSD. Did you mean 'BTCUSDT'?"),
        (("--hours", "0"), "hours"),
        (("--seed", "-1"), "seed"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(twokey: Command, words: tuple[str, ...], said: str) -> None:
    done = twokey("tape", "draw", *words)
    assert done.code == 2
    assert said in done.err


def test_a_tape_is_never_drawn_over_another(tmp_path: Path) -> None:
    make(tmp_path, seconds=2)
    with pytest.raises(InputError, match="already exists"):
        make(tmp_path, seconds=2)


@each_symbol
def test_its_statistics_are_those_of_real_tapes(tmp_path: Path, symbol: str) -> None:
    found = read_statistics(make(tmp_path, symbol, seconds=100), symbol).figures()
    assert found["spread of one tick, % of quotes"] > 93
    assert 40 < found["quotes a second"] < 300
    assert 500 < found["changed levels a second"] < 2_000
    assert 1.2 < found["prices an order trades at"] < 2.2
    assert found["bursts: variance over mean of orders a second"] > 3
    assert found["sign of orders: correlation, next order"] > 0.1
    assert found["impact of an order after 1 s, bps"] > 0.05
    assert found["kurtosis of 1 s returns"] > 4
    assert found["next move is up, % where imbalance > 0.6"] > 60
    assert found["next move is up, % where imbalance < -0.6"] < 40


def test_the_book_stays_whole_and_bounded() -> None:
    market = SyntheticMarket(fitted("BTCUSDT"), 9)
    for number, _ in enumerate(islice(market.steps(), 3_000)):
        book = market.book
        assert book.best[BID] < book.best[ASK]
        assert all(book.sides[side][book.best[side]] > 0 for side in (BID, ASK))
        if number % 1_000 == 0:
            assert book.best[BID] == max(book.sides[BID])
            assert book.best[ASK] == min(book.sides[ASK])
    assert sum(map(len, market.book.sides)) < 40_000


def test_updates_are_chained_and_funding_is_due_every_eight_hours() -> None:
    before = SyntheticLines(fitted("BTCUSDT"), 1, START_MS + _FUNDING_MS - 2_000)
    messages = [decode(raw) for _, raw in before.lines(5)]
    updates = [message for message in messages if isinstance(message, DepthUpdate)]
    assert all(
        a.final_update_id == b.previous_update_id < b.first_update_id <= b.final_update_id for a, b in pairwise(updates)
    )
    marks = [message for message in messages if isinstance(message, MarkPrice)]
    assert {mark.next_funding_ts_ms - START_MS for mark in marks} == {_FUNDING_MS, 2 * _FUNDING_MS}
    assert all(0 < mark.next_funding_ts_ms - mark.event_ts_ms <= _FUNDING_MS for mark in marks)
    assert all(abs(float(mark.funding_rate)) < 0.001 for mark in marks)
