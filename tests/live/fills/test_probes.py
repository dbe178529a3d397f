"""No taker or stop fills better than the book and newer trades and tickers allow, on drawn tapes and recordings."""

from pathlib import Path

import pytest

from live.simulator.core.fill_models import FillModel
from live.simulator.tape_source import Played, TapeSource
from skills_lib.market.depth.tape.lines import parse_line
from tests.live.fills.probes import STRICT, Probing
from tests.live.fills.study import recordings
from tests.live.simulator.tapes import TapeWriter

EXCERPTS = (
    ("binance_usdm_BTCUSDT_20240718T2357_20240719T0005.jsonl.gz", FillModel.PESSIMISTIC),
    ("binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz", FillModel.BASE),
    ("binance_usdm_ETHUSDT_20240808T2354.ts_jsonl.gz", FillModel.PESSIMISTIC),
)
"""20,000 lines of each under one model; `make study-fills` plays them whole, under every model."""

CAPTURE = "cryptofeed_binance_usdm_SUSHI_AKRO_KEEP_CTK_20210722.ws.gz"


def late_diffs(seed: int, updates: int = 300) -> list[Played]:
    """A drawn tape whose diffs arrive three messages late, as on Binance behind trades and tickers."""
    lines = [line.encode() for line in TapeWriter(seed, wanders=True).lines(updates)]
    late = [line for _, line in sorted((n + 3.5 * (b"depthUpdate" in line), line) for n, line in enumerate(lines))]
    parsed = (parse_line(line) for line in late)
    return list(TapeSource().read(line for line in parsed if line is not None))


def require_none_flattering(found: Probing) -> None:
    """Assert that every fill is at or behind what was allowed, and every stop at or behind the trade that fired it."""
    assert found.flattering() == []
    assert found.shown_passed == 0


@pytest.mark.parametrize("model", STRICT)
@pytest.mark.parametrize("seed", range(6))
def test_no_fill_is_flattering_on_a_tape_of(seed: int, model: FillModel) -> None:
    found = Probing("BTCUSDT", model, every=5, distance=5).run(late_diffs(seed))
    assert found.displayed_passed > 0
    assert len(found.market) > 50
    assert len(found.stops) > 2
    require_none_flattering(found)


def test_the_optimistic_model_is_flattering_on_the_same_tapes() -> None:
    passes = [Probing("BTCUSDT", FillModel.OPTIMISTIC, every=5, distance=5).run(late_diffs(seed)) for seed in range(6)]
    assert any(probe.improvement(probe.fired) > 0 for found in passes for probe in found.stops)


@pytest.mark.parametrize(("name", "model"), EXCERPTS)
def test_no_fill_is_flattering_on_a_recording(shared_data: Path, name: str, model: FillModel) -> None:
    [(symbol, lines)] = recordings(shared_data / "l2" / name, 20_000)
    found = Probing(symbol, model, every=40).run(lines)
    assert found.displayed_passed > found.trades // 10
    assert len(found.market) > 400
    assert len(found.stops) > 100
    require_none_flattering(found)


def test_no_fill_is_flattering_on_a_capture_of_four_symbols_with_aggregate_trades(shared_data: Path) -> None:
    played = list(recordings(shared_data / "l2" / CAPTURE))
    assert [recording.symbol for recording in played] == ["AKROUSDT", "CTKUSDT", "KEEPUSDT", "SUSHIUSDT"]
    for recording in played:
        found = Probing(recording.symbol, FillModel.PESSIMISTIC, every=recording.every).run(recording.lines)
        assert len(found.market) > 20
        assert len(found.stops) > 10
        require_none_flattering(found)
