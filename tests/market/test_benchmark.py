"""The benchmark of a run: holding a market over the same time, never another time without saying so."""

from pathlib import Path

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.market.benchmark import measure_benchmark
from skills_lib.market.candles import CandleArguments
from skills_lib.progress import no_progress
from skills_lib.settings import Settings

HEAD = "timestamp,open,high,low,close,volume\n"
ASKED = CandleArguments("BTC", "1h", "2024-11-01", "2024-12-01", "sample")


def candle_file(path: Path, start: str, closes: list[float]) -> Path:
    """Hourly candles that open at the close before."""
    rows = [
        f"{start}T{hour:02}:00:00Z,{before},{max(before, close)},{min(before, close)},{close},1"
        for hour, (before, close) in enumerate(zip([closes[0], *closes], closes, strict=False))
    ]
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_the_own_market_is_held_on_the_candles_of_the_run(workspace: Settings, tmp_path: Path) -> None:
    file = candle_file(tmp_path / "a.csv", "2024-01-01", [100, 110, 90, 125])
    asked = CandleArguments("BTC", "1h", data=file)
    found = measure_benchmark("btc/usdt", asked.answer(workspace), asked, workspace, no_progress)
    assert (found.symbol, found.return_pct, found.problem) == ("BTCUSDT", 25.0, "")
    assert found.line().startswith("Benchmark: holding BTCUSDT 25.00 % before costs")


def test_another_market_is_held_over_the_time_of_the_run(workspace: Settings) -> None:
    candles = ASKED.answer(workspace)
    eth = CandleArguments("ETH", "1h", "2024-11-01", "2024-12-01", "sample").answer(workspace).bars
    found = measure_benchmark("ETH", candles, ASKED, workspace, no_progress)
    assert found.return_pct == pytest.approx((eth.close[-1] / eth.open[0] - 1) * 100)
    assert found.problem == ""
    assert "synthetic" in found.line()


def test_a_shorter_time_is_said(workspace: Settings) -> None:
    asked = CandleArguments("BTC", "1h", "2024-12-30", "2025-01-01", "sample")
    candles = asked.answer(workspace)
    shorter = CandleArguments("BTC", "4h", "2024-12-30", "2025-01-01", "sample")
    found = measure_benchmark("ETH", candles, shorter, workspace, no_progress)
    assert "its candles are those of 2024-12-30T00:00 to 2024-12-31T20:00 only" in found.line()


def test_real_candles_are_never_compared_with_synthetic_ones(workspace: Settings, tmp_path: Path) -> None:
    file = candle_file(tmp_path / "a.csv", "2024-01-01", [100.0] * 20)
    asked = CandleArguments("BTC", "1h", source="sample", data=file)
    found = measure_benchmark("ETH", asked.answer(workspace), asked, workspace, no_progress)
    assert (found.return_pct, found.line()) == (None, "Benchmark ETHUSDT: only synthetic candles were found")


def test_missing_candles_are_a_problem_and_no_error(workspace: Settings) -> None:
    cached = CandleArguments("BTC", "1h", "2024-11-01", "2024-12-01", "cache")
    found = measure_benchmark("ETH", ASKED.answer(workspace), cached, workspace, no_progress)
    assert found.return_pct is None
    assert found.problem


def test_what_is_no_symbol_is_refused(workspace: Settings) -> None:
    with pytest.raises(InputError):
        measure_benchmark("no symbol!", ASKED.answer(workspace), ASKED, workspace, no_progress)
