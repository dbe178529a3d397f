"""The sample: the same on every machine, consistent between timeframes, with the properties of a real market."""

import numpy as np
import pytest

from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.quality import measure
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.sample import SAMPLE_SPAN, sample_bars
from skills_lib.market.candles.series import cut
from skills_lib.market.candles.spans import TimeSpan
from tests.market.candles.local_venue import span

SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"]


@pytest.fixture(scope="module")
def hours() -> dict[str, Bars]:
    """Four years of hours by symbol."""
    return {symbol: sample_bars(symbol, Timeframe.H1) for symbol in SYMBOLS}


def returns(bars: Bars) -> FloatArray:
    out: FloatArray = np.diff(np.log(bars.close))
    return out


def autocorrelation(values: FloatArray, lag: int) -> float:
    return float(np.corrcoef(values[:-lag], values[lag:])[0, 1])


def test_the_sample_bars_are_unchanged() -> None:
    bars = sample_bars("BTCUSDT", Timeframe.D1)
    assert len(bars) == 1_461
    assert bars.digest() == "ab23a4f60a5a6e127c1146334c4a177efb06b79812ab0f3603aedbf97b097118"


def test_symbols_differ(hours: dict[str, Bars]) -> None:
    assert len({bars.digest() for bars in hours.values()}) == len(SYMBOLS)
    assert abs(np.corrcoef(returns(hours["BTCUSDT"]), returns(hours["ETHUSDT"]))[0, 1]) < 0.05


@pytest.mark.parametrize("timeframe", list(Timeframe))
def test_every_timeframe_is_whole_and_without_a_defect(timeframe: Timeframe) -> None:
    requested = TimeSpan(SAMPLE_SPAN.end_ns - 2_000 * timeframe.nanoseconds, SAMPLE_SPAN.end_ns)
    bars = sample_bars("BTCUSDT", timeframe, requested)
    report = measure(bars)
    assert report.bars == min(2_000, report.bars) > 200
    assert (report.gaps, report.duplicates, report.unordered, report.ohlc_violations, report.zero_volume) == (0,) * 5
    assert bars.interval_ns == timeframe.nanoseconds


def test_weeks_open_on_mondays() -> None:
    opens = sample_bars("BTCUSDT", Timeframe.W1).open_time_ns.view("datetime64[ns]").astype("datetime64[D]")
    assert {day.weekday() for day in opens.tolist()} == {0}


@pytest.mark.parametrize(("fine", "coarse"), [("1m", "5m"), ("5m", "1h"), ("1h", "4h"), ("4h", "1d"), ("1h", "1w")])
def test_a_bar_equals_the_finer_bars_inside_it(fine: str, coarse: str) -> None:
    requested = span("2023-03-06", "2023-04-03")
    small = sample_bars("BTCUSDT", Timeframe(fine), requested)
    large = sample_bars("BTCUSDT", Timeframe(coarse), requested)
    rule = small.to_frame().resample(f"{Timeframe(coarse).seconds}s", origin="start")
    made = rule.agg({"Open": "first", "High": "max", "Low": "min", "Close": "last", "Volume": "sum"})
    assert len(made) == len(large)
    for name in ("Open", "High", "Low", "Close"):
        assert made[name].tolist() == getattr(large, name.lower()).tolist()
    np.testing.assert_allclose(made["Volume"], large.volume, rtol=1e-12)


@pytest.mark.parametrize(("since", "until"), [("2021-01-01", "2021-01-08"), ("2022-11-30", "2023-02-02")])
def test_the_span_decides_only_what_is_shown(hours: dict[str, Bars], since: str, until: str) -> None:
    requested = span(since, until)
    assert sample_bars("BTCUSDT", Timeframe.H1, requested).digest() == cut(hours["BTCUSDT"], requested).digest()


@pytest.mark.parametrize("requested", [span("2019-01-01", "2020-01-01"), span("2025-01-01", "2026-01-01")])
def test_outside_its_years_it_has_no_bars(requested: TimeSpan) -> None:
    assert len(sample_bars("BTCUSDT", Timeframe.H1, requested)) == 0


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_prices_are_whole_cents_and_each_bar_opens_at_the_previous_close(hours: dict[str, Bars], symbol: str) -> None:
    bars = hours[symbol]
    for column in (bars.open, bars.high, bars.low, bars.close):
        assert (np.rint(column * 100) / 100 == column).all()
    assert (bars.open[1:] == bars.close[:-1]).all()


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_tails_are_fat(hours: dict[str, Bars], symbol: str) -> None:
    r = returns(hours[symbol])
    kurtosis = np.mean((r - r.mean()) ** 4) / r.var() ** 2
    assert kurtosis > 8, "3 is normal"
    assert np.mean(np.abs(r) > 4 * r.std()) > 20 * 6.3e-5, "the normal share is 6.3e-5"


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_volatility_clusters_while_returns_have_no_memory(hours: dict[str, Bars], symbol: str) -> None:
    r = returns(hours[symbol])
    bound = 4 / np.sqrt(len(r))
    assert abs(autocorrelation(r, 1)) < 3 * bound
    assert autocorrelation(np.abs(r), 1) > 0.15
    assert autocorrelation(np.abs(r), 24) > 0.08
    assert autocorrelation(np.abs(r), 1) > autocorrelation(np.abs(r), 200) > 0


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_volatility_and_volume_have_an_intraday_season(hours: dict[str, Bars], symbol: str) -> None:
    bars = hours[symbol]
    clock = bars.open_time_ns // Timeframe.H1.nanoseconds % 24
    reach = np.log(bars.high / bars.low)
    by_hour = np.array([np.median(reach[clock == hour]) for hour in range(24)])
    assert by_hour[12:18].mean() > 1.35 * by_hour[2:8].mean()
    volume = np.array([np.median(bars.volume[clock == hour]) for hour in range(24)])
    assert volume[12:18].mean() > 1.35 * volume[2:8].mean()


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_volume_rises_with_volatility(hours: dict[str, Bars], symbol: str) -> None:
    bars = hours[symbol]
    turnover = bars.volume * bars.close
    assert np.corrcoef(np.log(turnover), np.log(np.log(bars.high / bars.low)))[0, 1] > 0.5


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_calm_and_volatile_months_both_occur_and_trends_go_both_ways(hours: dict[str, Bars], symbol: str) -> None:
    r = returns(hours[symbol])
    months = r[: len(r) // 720 * 720].reshape(-1, 720)
    spread = months.std(axis=1)
    assert spread.max() > 2 * spread.min()
    assert (months.sum(axis=1) > 0.1).any()
    assert (months.sum(axis=1) < -0.1).any()


def test_a_year_moves_like_a_crypto_market(hours: dict[str, Bars]) -> None:
    for bars in hours.values():
        assert 0.4 < returns(bars).std() * np.sqrt(365 * 24) < 1.0


def error_units(values: FloatArray) -> float:
    """Mean of the values in standard errors."""
    return float(values.mean() / (values.std() / np.sqrt(len(values))))


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_no_hour_has_an_expected_return_whatever_came_before(hours: dict[str, Bars], symbol: str) -> None:
    r = hours[symbol].close / hours[symbol].open - 1
    assert abs(error_units(r)) < 4
    for window in (1, 24, 100, 400):
        before = np.convolve(r, np.ones(window), "valid")[:-1]
        assert abs(error_units(np.sign(before) * r[window:])) < 4


def test_the_first_half_of_an_hour_says_nothing_about_the_second() -> None:
    halves = sample_bars("BTCUSDT", Timeframe.M30)
    r = halves.close / halves.open - 1
    assert abs(error_units(np.sign(r[::2]) * r[1::2])) < 4, "it was 13 where the hour's end was fixed beforehand"
