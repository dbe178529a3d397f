"""Builds the page of a run."""

import numpy as np

from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.model import BacktestResult
from skills_lib.backtest.periods import monthly_returns, rolling_sharpe, yearly_returns
from skills_lib.backtest.report.costs_chart import cost_slider
from skills_lib.backtest.report.markdown import (
    ENGINES,
    IN_SAMPLE_NOTE,
    LIMITS,
    SYNTHETIC_NOTE,
    describe_costs,
    describe_figure,
)
from skills_lib.backtest.report.sentence import what_happened
from skills_lib.backtest.report.series import RunSeries
from skills_lib.backtest.report.trades_chart import trade_charts
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.quality import describe_defects
from skills_lib.domain.time import DAY_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.report.charts import Axis, Chart
from skills_lib.report.layers import Area, Layer, Limit, Polyline, Style
from skills_lib.report.numbers import amount
from skills_lib.report.page import Grid, Mood, Page, Section, Tinted, Verdict
from skills_lib.report.thinning import thin

MOODS: dict[str, Mood] = {"SOLID": "good", "MIXED": "medium", "WEAK": "bad"}
WINDOW_DAYS = 90
_TINTS = (0.5, 2.0, 5.0, 10.0)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


Curve = tuple[IntArray, FloatArray, str, Style]
"""Times in UTC ns, values, label and style of one curve of equity."""


def backtest_page(result: BacktestResult, series: RunSeries) -> Page:
    """The page of a run. `series`: those of the same run."""
    return Page(
        title=f"Backtest of {result.strategy} on {result.symbol} {result.timeframe}",
        about=f"{result.bars:,} bars from {result.start} to {result.end} UTC · {result.source} · in-sample",
        lead=what_happened(result),
        banner=SYNTHETIC_NOTE if result.synthetic else "",
        verdict=Verdict(result.verdict.label, MOODS[result.verdict.label], result.verdict.reasons),
        warnings=result.warnings,
        sections=[
            Section(
                "Equity", charts=[_equity(result, series), drawdown_chart(series.open_time_ns, series.drawdown_pct)]
            ),
            _trades(series),
            _over_time(result, series),
            _costs(result, series),
            _figures(result),
            _data(result),
            Section("Limits", [IN_SAMPLE_NOTE], LIMITS),
        ],
        identity=_identity(result),
    )


def equity_chart(title: str, cash: float, curves: list[Curve]) -> Chart:
    """Curves of equity on a logarithmic axis; the last one is the run."""
    layers: list[Layer] = []
    for times, values, label, style in curves:
        places = thin(values)
        layers.append(Polyline(times[places].astype(np.float64), values[places], label, style))
    own = curves[-1][1]
    text = f"{curves[-1][2]} from {amount(cash)} to {amount(float(own[-1]))}, lowest {amount(float(own.min()))}."
    lost = "Equity of 0 or less lies on the lower edge of the log axis." if own.min() <= 0 else ""
    return Chart(title, text, layers, y=Axis("logarithmic", "quote, log axis"), height=300, note=lost)


def drawdown_chart(open_time_ns: IntArray, drawdown_pct: FloatArray) -> Chart:
    """The decline from the highest equity so far."""
    places = thin(drawdown_pct)
    depth = -drawdown_pct[places]
    area = Area(open_time_ns[places].astype(np.float64), depth, np.zeros(len(depth)), "", "bad")
    deepest = float(np.nanmax(drawdown_pct, initial=0.0))
    y = Axis("linear", "%", include=[0.0, -1.0])
    return Chart("Drawdown", f"At its deepest {deepest:.1f} %.", [area], y=y, height=130)


def held_curve(close: FloatArray, cash: float, buy_hold_return_pct: float) -> FloatArray:
    """Equity of buy and hold without costs: float64[n], with the given return of `cash` at the end."""
    held: FloatArray = cash * (1 + buy_hold_return_pct / 100) * close / close[-1]
    return held


def _equity(result: BacktestResult, series: RunSeries) -> Chart:
    times, cash, held = series.open_time_ns, result.settings.cash, result.metrics["buy_hold_return_pct"]
    curves: list[Curve] = [(times, series.equity, "Strategy, after costs", "strategy")]
    if held is not None and series.close[-1] > 0:
        curves.insert(0, (times, held_curve(series.close, cash, held), "Buy and hold, no costs", "market"))
    return equity_chart("Equity beside buy and hold", cash, curves)


def _trades(series: RunSeries) -> Section:
    if not len(series.trades):
        return Section("Trades", ["No trade: there is nothing to mark."])
    return Section("Trades", charts=trade_charts(series))


def _over_time(result: BacktestResult, series: RunSeries) -> Section:
    interval, cash = Timeframe(result.timeframe).nanoseconds, result.settings.cash
    by_month = monthly_returns(series.open_time_ns, interval, series.equity, cash)
    times, ratios = rolling_sharpe(series.open_time_ns, interval, series.equity, cash, WINDOW_DAYS)
    charts, missing = [], []
    if len(times) > 1 and np.isfinite(ratios).any():
        charts.append(_rolling(times, ratios))
    else:
        missing.append(f"The rolling Sharpe ratio needs more than {WINDOW_DAYS} days with returns that vary.")
    return Section("By month", grids=[_months(by_month)], charts=charts, limits=missing)


def _rolling(times: FloatArray, ratios: FloatArray) -> Chart:
    places = thin(ratios)
    layers: list[Layer] = [Limit(0.0, "y", ""), Polyline(times[places], ratios[places], "", "strategy")]
    text = f"From {np.nanmin(ratios):.2f} to {np.nanmax(ratios):.2f}; at the end {ratios[-1]:.2f}."
    title = f"Sharpe ratio of the last {WINDOW_DAYS} days"
    return Chart(title, text, layers, y=Axis("linear", "annual, after costs", include=[0.0]), height=180)


def _months(by_month: dict[tuple[int, int], float]) -> Grid:
    totals = yearly_returns(by_month)
    rows: list[tuple[str, ...]] = [
        (
            str(year),
            *(tinted(by_month.get((year, month))) for month in range(1, 13)),
            tinted(total),
        )
        for year, total in totals.items()
    ]
    return Grid(("Return, %", *_MONTHS, "Year"), rows)


def tinted(value: float | None) -> Tinted:
    """A return in percent as a cell with a background."""
    if value is None or np.isnan(value):
        return Tinted.of("" if value is None else "n/a", 0)
    return Tinted.of(amount(value, 1), int(np.sign(value)) * sum(abs(value) >= step for step in _TINTS))


def _costs(result: BacktestResult, series: RunSeries) -> Section:
    slider = cost_slider(result, series)
    charged = f"Charged: {describe_costs(result)}."
    if slider is None:
        return Section("Costs", [charged, "Nothing was traded, so there is no cost at which an edge ends."])
    funding = f" Funding of {amount(slider.funding)} as charged is included." if slider.funding else ""
    ends = (
        f"The edge ends at {slider.break_even_bps:,.1f} bps per side."
        if slider.break_even_bps > 0
        else "There is no edge to lose: the trades lose money even without costs."
    )
    note = (
        f"The slider holds the {slider.trades:,} trades and their sizes fixed; other costs would change sizes, and "
        f"with them the return.{funding}"
    )
    paid = [f"{METRICS[name].label}: {describe_figure(name, result.metrics)}" for name in _PAID]
    return Section("Costs", [charged, ends], paid, charts=[slider], limits=[note])


_PAID = ("gross_pnl", "fees_paid", "spread_paid", "funding_paid", "net_pnl")


def _figures(result: BacktestResult) -> Section:
    rows = [(one.label, describe_figure(name, result.metrics), one.definition) for name, one in METRICS.items()]
    return Section("Figures", grids=[Grid(("", "", "definition"), rows, words=(2,))])


def _data(result: BacktestResult) -> Section:
    defects = describe_defects(result.quality) or "no gap, duplicate, broken bar or spike found"
    days = (np.datetime64(result.end) - np.datetime64(result.start)) / np.timedelta64(DAY_NS, "ns")
    return Section("Data quality", [f"{result.bars:,} bars over {days:,.0f} days from {result.source}: {defects}."])


def _identity(result: BacktestResult) -> list[tuple[str, str]]:
    parameters = ", ".join(f"{name}={value}" for name, value in result.parameters.items()) or "none"
    execution = (
        f"{ENGINES[result.settings.engine]}; starting cash {amount(result.settings.cash)}, leverage "
        f"{result.settings.leverage:g}, units of {result.settings.fractional_unit:g}"
    )
    return [
        ("Run", result.run_id),
        ("Parameters", parameters),
        ("Execution", execution),
        ("Data SHA-256", result.data_sha256),
        ("Code SHA-256", result.code_sha256),
        ("Created", f"{result.created_at[:19]} UTC"),
    ]
