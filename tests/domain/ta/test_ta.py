"""TA-Lib's functions by name: results, warm-up, refused arguments, and no value that depends on a later bar."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_lib.domain import ta
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.memory import Memory
from skills_lib.domain.ta.functions import Values
from skills_lib.domain.ta.specification import specifications
from tests.domain.ta.listing import PAGE, STUB, page, stub
from tests.strategies.generated_bars import real, walk

NAMES = sorted(specifications())
BARS = walk(300, seed=4)


def is_periodic(name: str) -> bool:
    """Whether all parameters are periods that may be any number from 2 on."""
    specification = specifications()[name]
    return bool(specification.defaults) and all(
        isinstance(value, int) and option.endswith("period") for option, value in specification.defaults.items()
    )


PERIODIC = [name for name in NAMES if is_periodic(name)]


def inputs_of(name: str, bars: Bars) -> list[FloatArray]:
    """The columns that a function takes; a free series is the close, its second one the open."""
    free = {"real": bars.close, "real0": bars.close, "real1": bars.open, "periods": np.full(len(bars), 7.0)}
    return [free[one] if one in free else getattr(bars, one) for one in specifications()[name].inputs]


def results_of(name: str, bars: Bars, *options: float) -> tuple[Values, ...]:
    """The results of a function on bars."""
    found = getattr(ta, name)(*inputs_of(name, bars), *options)
    return found if isinstance(found, tuple) else (found,)


def assert_nothing_later_matters(name: str, bars: Bars, t: int, *options: float) -> None:
    """The results of the first bars are those of all bars, to the bit."""
    whole, known = results_of(name, bars, *options), results_of(name, bars[: t + 1], *options)
    for output, all_values, values in zip(specifications()[name].outputs, whole, known, strict=True):
        np.testing.assert_array_equal(values, all_values[: t + 1], err_msg=f"{name} {output} at {t}")


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), t=st.integers(0, 299), minutes=st.sampled_from([1, 60, 1440]))
def test_no_value_of_any_function_changes_when_later_bars_are_cut_off(seed: int, t: int, minutes: int) -> None:
    bars = walk(300, seed, minutes, holes=2)
    for name in NAMES:
        assert_nothing_later_matters(name, bars, min(t, len(bars) - 1))


@settings(max_examples=60)
@given(name=st.sampled_from(PERIODIC), t=st.integers(0, 299), period=st.integers(2, 40), step=st.integers(0, 20))
def test_no_value_changes_with_other_periods_either(name: str, t: int, period: int, step: int) -> None:
    options = [period + step * n for n in range(len(specifications()[name].defaults))]
    assert_nothing_later_matters(name, BARS, t, *options)


def test_no_value_on_real_candles_changes_when_later_bars_are_cut_off(shared_data: Path) -> None:
    bars = real(shared_data, "binance_spot_BTCUSDT_1h_20200920_20240630")[:3_000]
    for name in NAMES:
        for t in (0, 63, 500, 1_777, 2_998):
            assert_nothing_later_matters(name, bars, t)


@pytest.mark.parametrize("kind", list(ta.MaType), ids=lambda kind: kind.name)
def test_no_moving_average_looks_ahead(kind: ta.MaType) -> None:
    for t in (5, 60, 150, 298):
        assert_nothing_later_matters("ma", BARS, t, 12, kind)


def test_look_ahead_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ta, "sma", lambda real, timeperiod=30: np.convolve(real, np.ones(5) / 5, "same"))
    with pytest.raises(AssertionError, match="sma real at 100"):
        assert_nothing_later_matters("sma", BARS, 100)


@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_ta_libs_own_and_begins_where_the_list_says(name: str) -> None:
    expected = getattr(talib, name.upper())(*inputs_of(name, BARS))
    found, lookback = results_of(name, BARS), specifications()[name].lookback
    for ours, theirs in zip(found, expected if isinstance(expected, tuple) else (expected,), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert len(ours) == len(BARS)
        undefined = np.isnan(ours) if ours.dtype.kind == "f" else ours == 0
        assert undefined[:lookback].all()
        assert name in {"acos", "asin"} or ours.dtype.kind == "i" or not undefined[lookback:].any()


@pytest.mark.parametrize("name", NAMES)
def test_few_or_no_bars_and_nothing_but_nan_give_as_many_undefined_values(name: str) -> None:
    specification = specifications()[name]
    for count in (0, 1, 2, specification.lookback):
        for result in results_of(name, BARS[:count]):
            assert len(result) == count
    nothing = [np.full(40, np.nan)] * len(specification.inputs)
    found = getattr(ta, name)(*nothing)
    for result in found if isinstance(found, tuple) else (found,):
        assert len(result) == 40
        assert np.isnan(result).all() if result.dtype.kind == "f" else (result == 0).all()


def test_an_indicator_of_an_indicator_begins_later() -> None:
    smooth = ta.ema(ta.rsi(BARS.close, 14), 5)
    assert np.flatnonzero(~np.isnan(smooth))[0] == 14 + 4
    np.testing.assert_array_equal(smooth[14:], ta.ema(ta.rsi(BARS.close, 14)[14:], 5))


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["sma", "ema", "max", "obv", "correl", "rsi"])
def test_a_hole_after_the_first_number_is_refused_and_named(name: str, hole: float) -> None:
    torn = BARS.close.copy()
    torn[100] = hole
    arrays = [torn, *inputs_of(name, BARS)[1:]]
    with pytest.raises(InputError, match=rf"ta\.{name}: real0? is {hole} at bar 100, after numbers"):
        getattr(ta, name)(*arrays)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ta.rsi(), r"ta\.rsi: missing .* 'real'\. Call it as ta\.rsi\(real, timeperiod=14\)\."),
        (lambda: ta.rsi(BARS.close, 14, 3), r"ta\.rsi: too many positional arguments\."),
        (lambda: ta.rsi(BARS.close, period=14), r"argument 'period'\. Did you mean 'timeperiod'\?"),
        (lambda: ta.rsi(BARS.close, 1), r"does not allow timeperiod=1\. Allowed: timeperiod from 2\."),
        (lambda: ta.rsi(BARS.close, 10**7), r"does not allow timeperiod=10000000\."),
        (lambda: ta.rsi(BARS.close, 10**400), r"timeperiod must be a whole number; found 10000"),
        (lambda: ta.rsi(BARS.close, -(2**31)), r"timeperiod must be a whole number; found -2147483648"),
        (lambda: ta.rsi(BARS.close, 14.0), r"timeperiod must be a whole number; found 14\.0\."),
        (lambda: ta.rsi(BARS.close, True), r"timeperiod must be a whole number; found True\."),
        (lambda: ta.rsi(BARS.close, "14"), r"timeperiod must be a whole number; found '14'\."),
        (lambda: ta.bbands(BARS.close, 20, np.nan), r"nbdevup must be a number; found nan\."),
        (lambda: ta.rsi(BARS, 14), r"real must be one array of numbers, such as bars\.close; found object"),
        (lambda: ta.rsi(BARS.close > 1, 14), r"found bool of shape"),
        (lambda: ta.rsi(np.ones((3, 3)), 14), r"found float64 of shape \(3, 3\)"),
        (lambda: ta.rsi(5.0, 14), r"found float64 of shape \(\)"),
        (lambda: ta.atr(BARS.high, BARS.low[:-1], BARS.close), r"differ in length: high 300, low 299, close 300"),
        (lambda: ta.rssi(BARS.close), r"ta has no indicator 'rssi'\. Did you mean 'rsi'\?"),
        (lambda: ta.RSI(BARS.close), r"ta has no indicator 'RSI'\. Did you mean 'rsi'\?"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        call()  # type: ignore[operator]
    assert "\n" not in str(refused.value)


def test_whole_numbers_of_numpy_and_integers_as_values_are_accepted() -> None:
    np.testing.assert_array_equal(ta.sma(np.arange(10), np.int64(3)), ta.sma(np.arange(10.0), timeperiod=3))


def test_inputs_are_not_changed() -> None:
    before = BARS.close.copy()
    for name in NAMES:
        results_of(name, BARS)
    np.testing.assert_array_equal(BARS.close, before)


def test_a_sweep_computes_an_indicator_once_however_its_arguments_are_given() -> None:
    with Memory(BARS).active():
        assert ta.rsi(BARS.close, 14) is ta.rsi(BARS.close) is ta.rsi(real=BARS.close, timeperiod=14)
        assert ta.bbands(BARS.close)[0] is ta.bbands(BARS.close, 20)[0]
        assert ta.rsi(BARS.close, 14) is not ta.rsi(BARS.close, 15)
        assert not ta.rsi(BARS.close, 14).flags.writeable


def test_names_are_listed_without_a_call() -> None:
    assert {"rsi", "bbands", "cdldoji", "MaType"} <= set(dir(ta))
    assert not hasattr(ta, "no_such_indicator")


def test_importing_ta_does_not_import_ta_lib() -> None:
    code = "import sys; from skills_lib.domain import ta; print({'talib', 'pandas', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_stub_and_the_list_are_those_of_the_installed_ta_lib() -> None:
    assert STUB.read_text(encoding="utf-8") == stub(), "run `python -m tests.domain.ta.listing`"
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text), "run `python -m tests.domain.ta.listing`"
    assert all(f"`ta.{name}(" in text for name in NAMES)
