"""No taker or stop fills better than the book and newer trades and tickers allow, on drawn tapes and recordings."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from live.simulator.core.fill_models import FillModel
from live.simulator.tape_source import Played, TapeSource
from skills_lib.market.depth.tape.lines import parse_line, read_lines
from tests.live.fills.probes import Probing
from tests.live.simulator.tapes import TapeWriter

STRICT = [FillModel.PESSIMISTIC, FillModel.BASE]
TAPES = (
    "binance_usdm_BTCUSDT_20240718T2357_20240719T0005.jsonl.gz",
    "binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz",
    "binance_usdm_ETHUSDT_20240808T2354.ts_jsonl.gz",
)


def late_diffs(seed: int, updates: int = 300) -> list[Played]:
    """A drawn tape whose diffs arrive three messages late, as on Binance behind trades and tickers."""
    lines = [line.encode() for line in TapeWriter(seed, wanders=True).lines(updates)]
    late = [line for _, line in sorted((n + 3.5 * (b"depthUpdate" in line), line) for n, line in enumerate(lines))]
    parsed = (parse_line(line) for line in late)
    return list(TapeSource().read(line for line in parsed if line is not None))


def require_none_flattering(found: Probing) -> None:
    """Assert that every fill is at or behind what was allowed, and every stop at or behind the trade that fired it."""
    assert [probe for probe in [*found.market, *found.stops] if probe.improvement(probe.allowed) > 0] == []
    assert [probe for probe in found.stops if probe.improvement(probe.fired) > 0] == []
    assert found.shown_passed == 0


@pytest.mark.parametrize("model", STRICT)
@pytest.mark.parametrize("seed", range(6))
def test_no_fill_is_flattering_on_a_drawn_tape(seed: int, model: FillModel) -> None:
    found = Probing("BTCUSDT", model, every=5, distance=5).run(late_diffs(seed))
    assert found.displayed_passed > 0
    assert len(found.market) > 50
    assert len(found.stops) > 2
    require_none_flattering(found)


def test_the_optimistic_model_is_flattering_on_the_same_tapes() -> None:
    passes = [Probing("BTCUSDT", FillModel.OPTIMISTIC, every=5, distance=5).run(late_diffs(seed)) for seed in range(6)]
    assert any(probe.improvement(probe.fired) > 0 for found in passes for probe in found.stops)


def recording(shared_data: Path, name: str) -> Sequence[Played]:
    """A recording's lines."""
    return list(TapeSource().read(read_lines(shared_data / "l2" / name)))


@pytest.mark.parametrize("name", TAPES)
def test_no_fill_is_flattering_on_a_recording(shared_data: Path, name: str) -> None:
    found = Probing(name.split("_")[2], FillModel.PESSIMISTIC, every=100).run(recording(shared_data, name))
    assert found.displayed_passed > found.trades // 10
    assert len(found.market) > 400
    assert len(found.stops) > 20
    require_none_flattering(found)
