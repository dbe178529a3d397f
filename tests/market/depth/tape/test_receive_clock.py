"""The recorder's clock: where it was set is reported, and exported receive times never decrease."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.check import check_tape
from skills_lib.market.depth.tape.receive_clock import ReceiveClock
from tests.command import Command
from tests.market.depth.generated_stream import EPOCH_MS, GeneratedMarket
from tests.market.depth.generated_tape import STEP_NS, write_tape

NS_PER_S = 1_000_000_000
HOUR_NS = 3_600 * NS_PER_S


def tape_with_steps(path: Path, steps: dict[int, int], count: int = 100) -> Path:
    """A tape whose receive times are moved by `steps`: ns from a line on."""
    moved, lines = 0, []
    for n, raw in enumerate(GeneratedMarket(5, Venue.USDM).frames(count)):
        moved += steps.get(n, 0)
        lines.append(b"%d %s" % ((EPOCH_MS + 200) * 1_000_000 + n * STEP_NS + moved, raw))
    return write_tape(path, lines)


def corrected(times: list[tuple[int, int | None]]) -> list[int | None]:
    """The receive times after both passes."""
    clock = ReceiveClock()
    for local_ts_ns, exch_ts_ns in times:
        clock.add(local_ts_ns, exch_ts_ns)
    after = clock.corrected()
    return [after.next(local_ts_ns) for local_ts_ns, _ in times]


@given(st.lists(st.tuples(st.integers(-10 * HOUR_NS, 10 * HOUR_NS), st.none() | st.integers(0, HOUR_NS)), max_size=60))
def test_corrected_times_never_decrease(times: list[tuple[int, int | None]]) -> None:
    found = corrected(times)
    assert found == sorted(found)  # type: ignore[type-var]
    in_order = [local for local, _ in times] == sorted(local for local, _ in times)
    assert not in_order or found == [local for local, _ in times]


def test_a_clock_set_forward_and_back_is_corrected_in_between() -> None:
    true = [(n * NS_PER_S, n * NS_PER_S - 5) for n in range(100)]
    recorded = [(local + HOUR_NS * (30 <= n < 60), exch) for n, (local, exch) in enumerate(true)]
    assert corrected(recorded) == [local for local, _ in true]


def test_late_events_are_not_taken_for_a_clock() -> None:
    late = [(n * NS_PER_S + 30 * NS_PER_S * (n > 50), n * NS_PER_S) for n in range(100)]
    assert corrected(late) == [local for local, _ in late]


@pytest.mark.parametrize(
    ("steps", "reported"),
    [
        ({60: HOUR_NS, 120: -HOUR_NS}, "set back 1 times, by up to 3,600.0 s, first at line 121"),
        ({60: -HOUR_NS}, "set back 1 times, by up to 3,600.0 s, first at line 61"),
        ({60: -2 * STEP_NS}, "out of order in 1 lines"),
    ],
)
def test_a_clock_that_jumps_is_reported_and_the_export_is_in_order(
    tmp_path: Path, twokey: Command, steps: dict[int, int], reported: str
) -> None:
    path = tape_with_steps(tmp_path / "tape.gz", steps)
    assert [reported in problem for problem in check_tape(path).problems].count(True) == 1
    for name in ("out.parquet", "out.npz"):
        done = json.loads(twokey("tape", "export", str(path), "--out", str(tmp_path / name), "--json").out)
        assert done["clock_steps"] == ("set back" in reported)
    times = [row[0] for row in duckdb.sql(f"SELECT local_ts_ns FROM '{tmp_path / 'out.parquet'}'").fetchall()]
    assert times == sorted(times)
    events = np.load(tmp_path / "out.npz")["data"]
    assert (np.diff(events["local_ts"]) >= 0).all()
    assert (events["local_ts"] >= events["exch_ts"]).all()
    assert events["local_ts"][-1] - events["local_ts"][0] < 20 * NS_PER_S + HOUR_NS * (HOUR_NS not in steps.values())
