"""The kernel trades exactly as the reference: bars and sizes equal, prices and profit to 1e-12, equity equal."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.execution import Execution
from skills_lib.backtest.kernel.run import run_kernel
from skills_lib.backtest.metrics import measure
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.reference.run import run_reference
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import Costs
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.signals import Signals
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market import candles
from tests.backtest.market import HOUR_NS, START_NS, hourly_bars
from tests.repository import SHARED_CANDLES

CASES = int(os.environ.get("TWOKEY_IDENTITY_CASES", "1000"))
BARS = 20_000 if CASES <= 1_000 else None
"""So many of the newest bars of a real market; `make study` runs them all."""
EXACT = ["entry_bar", "exit_bar", "size", "side", "entry_time", "exit_time", "exit_reason"]
CLOSE = ["entry_price", "exit_price", "pnl", "return_pct", "commission", "funding", "stop_price", "target_price"]


class Generated(SignalStrategy):
    """Gives the signals that a test drew."""

    columns: Signals

    def signals(self, bars: Bars) -> Signals:
        return self.columns


def assert_identical(kernel: Execution, reference: Execution) -> None:
    assert len(kernel.trades) == len(reference.trades)
    for name in EXACT:
        assert (kernel.trades[name].to_numpy() == reference.trades[name].to_numpy()).all(), name
    for name in CLOSE:
        ours, theirs = kernel.trades[name].to_numpy(dtype=float), reference.trades[name].to_numpy(dtype=float)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-9, err_msg=name)
    assert (kernel.equity == reference.equity).all()
    assert kernel.first_bar == reference.first_bar


def run_both(columns: Signals, bars: Bars, options: BacktestSettings) -> tuple[Execution, Execution]:
    generated = type("Random", (Generated,), {"columns": columns})
    try:
        reference = run_reference(generated, bars, {}, options).execution
    except InputError as error:  # the reference ran, but its own statistics overflow: nothing to compare with
        assume("faster than backtesting.py can annualise" not in str(error))
        raise
    try:
        return run_kernel(generated, bars, {}, options), reference
    except InputError as error:  # refused rightly: the reference did take a position of so many units
        largest = reference.trades["size"].abs().max() / options.with_unit_for(bars).unit
        assume(not ("2^53 units" in str(error) and largest >= 2.0**53 * (1 - 1e-9)))
        raise


@st.composite
def markets(draw: st.DrawFn) -> Bars:
    """Random walks with gaps between bars, flat bars, crashes and repeated prices; sometimes on a coarse grid."""
    n = draw(st.integers(3, 90))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    wild = draw(st.sampled_from([0.002, 0.02, 0.2, 0.9]))
    close = np.exp(np.cumsum(rng.normal(0, wild, n)))
    close *= draw(st.sampled_from([1.0, 137.3, 61_234.5])) / close[0]
    gap = rng.normal(0, wild / 2, n) * (rng.random(n) < draw(st.sampled_from([0.0, 0.3, 1.0])))
    opening = np.append(close[0], close[:-1]) * np.exp(gap)
    flat = rng.random(n) < draw(st.sampled_from([0.0, 0.2]))
    opening[flat] = close[flat]
    wick = np.abs(rng.normal(0, wild / 2, (2, n))) * ~flat
    high, low = np.maximum(opening, close) * (1 + wick[0]), np.minimum(opening, close) / (1 + wick[1])
    columns = [opening, high, low, close]
    if draw(st.booleans()):
        columns = [np.maximum(np.round(column, 2), 0.01) for column in columns]
    times = START_NS + HOUR_NS * np.cumsum(rng.integers(1, 3, n))
    return Bars(times, *columns, np.ones(n), HOUR_NS)


@st.composite
def generated_signals(draw: st.DrawFn, bars: Bars) -> Signals:
    n, rng = len(bars), np.random.default_rng(draw(st.integers(0, 2**32)))
    often = draw(st.sampled_from([0.05, 0.3, 0.9]))
    columns = [rng.random(n) < often * draw(st.sampled_from([0.0, 0.5, 1.0])) for _ in range(4)]
    size = draw(st.sampled_from([1.0, 0.5, 0.013, "array"]))
    levels = [_levels(draw, bars, rng) for _ in range(2)]
    warm_up = draw(st.integers(0, n - 1))
    indicator = np.where(np.arange(n) < warm_up, np.nan, bars.close)
    return Signals(
        *columns,
        size=rng.uniform(0.01, 1, n) if size == "array" else size,
        stop_price=levels[0],
        target_price=levels[1],
        indicators={"drawn": indicator} if draw(st.booleans()) else {},
    )


def _levels(draw: st.DrawFn, bars: Bars, rng: np.random.Generator) -> np.ndarray | None:
    if draw(st.booleans()):
        return None
    distance = draw(st.sampled_from([0.0, 0.003, 0.05, 0.4]))
    prices = bars.close * np.exp(rng.normal(0, distance, len(bars)))
    return np.where(rng.random(len(bars)) < draw(st.sampled_from([0.0, 0.5])), np.nan, prices)


all_settings = st.builds(
    BacktestSettings,
    cash=st.sampled_from([100_000.0, 1_000.0, 37.0]),
    costs=st.builds(
        Costs,
        commission_bps=st.sampled_from([0.0, 2.0, 20.0, -1.0, 400.0]),
        spread_bps=st.sampled_from([0.0, 1.0, 90.0]),
        slippage_bps=st.sampled_from([0.0, 3.0]),
        funding_bps_per_8h=st.sampled_from([0.0, 1.0, -7.0]),
    ),
    leverage=st.sampled_from([1.0, 1.0, 3.0, 50.0]),
    exclusive_orders=st.booleans(),
    trade_on_close=st.sampled_from([False, False, True]),
    fractional_unit=st.sampled_from([None, 1e-8, 1e-3, 1.0]),
)


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), bars=markets(), options=all_settings)
def test_kernel_and_reference_agree_on_anything_that_can_be_drawn(
    data: st.DataObject, bars: Bars, options: BacktestSettings
) -> None:
    columns = data.draw(generated_signals(bars))
    assert_identical(*run_both(columns, bars, options))


def test_a_position_that_floats_cannot_count_is_refused_by_name() -> None:
    bars = hourly_bars([1e-4] * 6)
    columns = Signals(np.ones(6, dtype=bool), *[np.zeros(6, dtype=bool)] * 3)
    with pytest.raises(InputError, match="more than 2\\^53 units"):
        run_kernel(type("Random", (Generated,), {"columns": columns}), bars, {}, BacktestSettings(fractional_unit=1e-8))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("file", SHARED_CANDLES, ids=lambda file: file.name.removesuffix(".csv.gz"))
def test_every_strategy_is_identical_on_real_candles(file: Path) -> None:
    base, timeframe = file.name.split("_")[-4].removesuffix("USDT"), file.name.split("_")[-3]
    bars = candles.load_file(file, Instrument(base), Timeframe(timeframe)).bars
    bars = bars[-BARS:] if BARS else bars
    for name in strategies.available():
        strategy = strategies.load(name)
        assert_identical(
            run_kernel(strategy, bars, {}, BacktestSettings()),
            run_reference(strategy, bars, {}, BacktestSettings()).execution,
        )


def test_the_stop_wins_when_stop_and_target_lie_in_one_bar() -> None:
    bars = hourly_bars([100, 100, 100, 100, 100], closes=[100, 100, 100, 100, 100])
    high, low = bars.high.copy(), bars.low.copy()
    high[3], low[3] = 112.0, 91.0
    bars = Bars(bars.open_time_ns, bars.open, high, low, bars.close, bars.volume, bars.interval_ns)
    entry = np.array([False, True, False, False, False])
    none = np.zeros(5, dtype=bool)
    options = BacktestSettings(costs=Costs(commission_bps=0), fractional_unit=1)
    columns = Signals(entry, none, none, none, stop_price=np.full(5, 95.0), target_price=np.full(5, 110.0))
    kernel, reference = run_both(columns, bars, options)
    assert_identical(kernel, reference)
    assert kernel.trades["exit_price"].tolist() == [95.0]
    assert kernel.trades["exit_bar"].tolist() == [3]


@settings(max_examples=max(300, CASES // 5), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), bars=markets(), options=all_settings)
def test_the_compiled_metrics_are_those_of_the_reference(
    data: st.DataObject, bars: Bars, options: BacktestSettings
) -> None:
    from skills_lib.backtest.figures import METRICS
    from skills_lib.backtest.kernel.batch import Batch, warm_up
    from skills_lib.backtest.kernel.inputs import prepare_inputs
    from skills_lib.backtest.kernel.runner import Runner

    columns = data.draw(generated_signals(bars))
    _, reference = run_both(columns, bars, options)
    expected = measure(reference, bars, options.costs)
    jobs = Batch(1)
    whole = Span(0, len(bars))
    jobs.add(columns, warm_up("drawn", columns, whole))
    row = Runner(prepare_inputs(bars, options)).run(jobs, whole)[0][0]
    for name, found in zip(METRICS, row, strict=True):
        np.testing.assert_allclose(found, expected[name], rtol=1e-9, atol=1e-9, err_msg=name)
