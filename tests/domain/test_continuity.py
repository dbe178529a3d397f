"""A price that does not continue is found, and an outage, a crash or a wrong print is none."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.bars import Bars
from skills_lib.domain.continuity import is_break_line, price_breaks
from skills_lib.domain.quality import describe_defects, measure
from tests.backtest.market import HOUR_NS, START_NS, random_walk
from tests.strategies.generated_bars import pick, real

SHARED = [
    "binance_spot_BNBUSDT_15m_20200920_20240630",
    "binance_spot_SOLUSDT_1h_20200920_20240630",
    "binance_usdm_ETHUSDT_5m_20250306_20250413",
]


def spliced(before: int, hole: int, factor: float, volatility: float = 0.01, seed: int = 1) -> Bars:
    """A walk whose bars after `before` come `hole` bars later at `factor` times the price."""
    bars = random_walk(before + 300, seed, volatility)
    places = np.arange(len(bars))
    later = places >= before
    scale = np.where(later, factor, 1.0)
    times = START_NS + HOUR_NS * (places + hole * later)
    prices = (getattr(bars, name) * scale for name in ("open", "high", "low", "close"))
    return Bars(times, *prices, bars.volume, HOUR_NS)


@given(
    before=st.integers(1, 300),
    hole=st.integers(0, 600),
    exponent=st.sampled_from([-6, -3, -2, 2, 3, 5]),
    seed=st.integers(0, 2**32),
)
def test_a_redenomination_is_found_with_or_without_a_hole(before: int, hole: int, exponent: int, seed: int) -> None:
    bars = spliced(before, hole, 10.0**exponent, volatility=0.002, seed=seed)
    (found,) = price_breaks(bars)
    assert found.missing_bars == hole
    wanted = Fraction(float(bars.open[before])) / Fraction(float(bars.close[before - 1]))
    assert found.factor == pytest.approx(float(wanted), rel=1e-12)
    assert found.after == str(bars.open_time_ns[before - 1 : before].view("datetime64[ns]")[0])[:19] + "Z"


def test_the_case_of_a_coin_listed_again_after_seventeen_days() -> None:
    """A fall by 3 % an hour, 408 hours without bars, and a price 27,000 times higher."""
    report = measure(spliced(312, 408, 27_000.0, volatility=0.03))
    assert (report.breaks, report.gaps, report.missing_bars) == (1, 1, 408)
    (line,) = report.break_lines()
    assert is_break_line(line)
    assert line.count("\n") == 0
    assert "across 408 missing bars after 2024-01-13T23:00:00Z" in line
    assert "`until=2024-01-31T00:00:00Z` or `since=2024-01-31T00:00:00Z`" in line


@given(seed=st.integers(0, 2**32), start=st.integers(1, 500), length=st.integers(1, 500), wild=st.booleans())
def test_an_outage_of_a_market_that_goes_on_is_none(seed: int, start: int, length: int, wild: bool) -> None:
    bars = random_walk(1_100, seed, 0.03 if wild else 0.003)
    gone = np.ones(len(bars), dtype=np.bool_)
    gone[start : start + length] = False
    assert price_breaks(pick(bars, gone)) == []


@pytest.mark.parametrize(("factor", "found"), [(4.0, 0), (1 / 4, 0), (8.0, 1), (1 / 8, 1)])
def test_the_factor_is_at_least_five(factor: float, found: int) -> None:
    assert len(price_breaks(spliced(100, 24, factor, volatility=0.002))) == found


@pytest.mark.parametrize(("hole", "found"), [(10, 1), (2_500, 0)])
def test_the_longer_the_hole_the_further_a_price_may_go(hole: int, found: int) -> None:
    """Bars of 1 % explain a factor of 20 (3.0) only after more than 1,400 of them: 8 × 0.01 × √n."""
    assert len(price_breaks(spliced(100, hole, 20.0, volatility=0.01))) == found


def test_a_crash_inside_a_bar_is_none() -> None:
    bars = random_walk(200, seed=4)
    scale = np.where(np.arange(200) > 100, 0.01, 1.0)
    opens = np.append(bars.open[0], bars.close[:-1] * scale[:-1])
    close, high, low = bars.close * scale, np.maximum(bars.high * scale, opens), bars.low * scale
    assert price_breaks(Bars(bars.open_time_ns, opens, high, low, close, bars.volume, HOUR_NS)) == []


@pytest.mark.parametrize("columns", [("close",), ("open",), ("open", "close")])
def test_a_wrong_print_is_none(columns: tuple[str, ...]) -> None:
    bars = random_walk(200, seed=5)
    prices = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
    for name in (*columns, "high"):
        prices[name][100] *= 20
    found = measure(Bars(bars.open_time_ns, **prices, volume=bars.volume, interval_ns=HOUR_NS))
    assert found.breaks == 0
    assert found.spikes == ("close" in columns)


def test_bars_in_any_order_and_impossible_prices_are_looked_at_too() -> None:
    bars = spliced(100, 24, 1_000.0)
    turned = Bars(
        *(getattr(bars, name)[::-1] for name in ("open_time_ns", "open", "high", "low", "close", "volume")), HOUR_NS
    )
    assert price_breaks(turned) == price_breaks(bars)
    bars.close[50] = 0.0
    bars.open[60] = np.nan
    assert len(price_breaks(bars)) == 1
    assert price_breaks(bars[:1]) == price_breaks(bars[:0]) == []


@pytest.mark.parametrize("name", SHARED)
def test_real_markets_continue(shared_data: Path, name: str) -> None:
    assert price_breaks(real(shared_data, name)) == []


def test_more_than_three_places_are_counted() -> None:
    bars = random_walk(400, seed=6, volatility=0.001)
    scale = np.where(np.arange(400) // 50 % 2, 1_000.0, 1.0)
    prices = (getattr(bars, name) * scale for name in ("open", "high", "low", "close"))
    report = measure(Bars(bars.open_time_ns, *prices, bars.volume, HOUR_NS))
    assert report.breaks == 7
    assert len(report.break_lines()) == 4
    assert report.break_lines()[-1] == "The price does not continue at 4 more places."


def test_defects_are_told_in_one_line() -> None:
    assert describe_defects({"bars": 9, "gaps": 4, "missing_bars": 1_200, "spikes": 0}) == "gaps 4, missing bars 1,200"
    assert describe_defects({"bars": 9, "gaps": 0}) == ""
