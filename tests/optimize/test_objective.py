"""What is sought: a metric in its better direction, the perfect above every number and the undefined below."""

from dataclasses import replace

import numpy as np
import pytest

from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.strategy import SignalStrategy, parameter_space
from skills_lib.backtest.sweep.evaluator import COLUMNS, Evaluator
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.backtest.sweep.reference import ReferenceSweep, ReferenceTask
from skills_lib.domain.bars import Bars
from skills_lib.domain.costs import PRESETS
from skills_lib.domain.errors import InputError
from skills_lib.domain.parameters import Integer
from skills_lib.domain.signals import Signals, never
from skills_lib.optimize.measure import Measurer
from skills_lib.optimize.search import SearchPlan, search
from skills_lib.optimize.sensitivity import sensitivities
from skills_lib.optimize.space import Space, make_space
from skills_lib.optimize.stability import Surface
from skills_lib.optimize.table import OBJECTIVES, Objective, SearchTable, optimised
from skills_lib.walk_forward.walk import WalkForward, efficiency
from skills_lib.walk_forward.windows import WindowPlan, make_windows
from tests.backtest.market import HOUR_NS, equal_days

BARS = equal_days(40)
SETTINGS = BacktestSettings(costs=PRESETS["free"], cash=1_000)


class Dial(SignalStrategy):
    """Long for six hours from `hour` each day."""

    hour = Integer(0, low=0, high=17, step=1)

    def signals(self, bars: Bars) -> Signals:
        now, none = bars.open_time_ns // HOUR_NS % 24, never(len(bars))
        return Signals(long_entry=now == self.hour, short_entry=none, long_exit=now == self.hour + 6, short_exit=none)


def table_of(rows: list[dict[str, float]]) -> SearchTable:
    values = np.full((len(rows), len(COLUMNS)), np.nan)
    for row, figures in enumerate(rows):
        for name, value in ({"trades": 40.0} | figures).items():
            values[row, COLUMNS[name]] = value
    return SearchTable(Space({"x": tuple(range(len(rows)))}), np.arange(len(rows)), values)


def best(table: SearchTable, objective: Objective) -> int:
    scores = objective.scores(table.rows)
    peaks = Surface(table.space, table.indices).peaks(scores, objective.ranks(table.rows, scores))
    assert peaks is not None
    return peaks.best.row


def test_every_metric_has_a_direction_or_is_refused_by_name() -> None:
    refused = [name for name in METRICS if name not in OBJECTIVES]
    assert refused == ["buy_hold_return_pct", "exposure_pct", "beta", "trades"]
    for name in refused:
        with pytest.raises(InputError, match=f"'{name}' is no objective: neither more nor less of it is better"):
            Objective.parse(name, 0)
    assert all(Objective.parse(name, 0).metric == name for name in OBJECTIVES)


@pytest.mark.parametrize(
    ("metric", "values", "expected"),
    [
        ("max_drawdown_days", [30.0, 2.0, 11.0], 1),
        ("volatility_ann_pct", [30.0, 12.0, 11.0], 2),
        ("max_drawdown_pct", [-30.0, -2.0, -11.0], 1),  # below 0: the highest is the least deep
        ("sharpe", [0.5, np.nan, -1.0], 0),
    ],
)
def test_the_best_is_in_the_better_direction(metric: str, values: list[float], expected: int) -> None:
    assert best(table_of([{metric: value} for value in values]), Objective.parse(metric, 1)) == expected


def test_reports_name_the_direction() -> None:
    assert optimised("max_drawdown_days") == "Longest drawdown minimised"
    assert optimised("sharpe") == "Sharpe maximised"


def test_the_perfect_ranks_above_every_number_by_return_then_trades_and_the_empty_below() -> None:
    rows = [
        {"profit_factor": 900.0, "return_pct": 500.0},
        {"profit_factor": np.inf, "return_pct": 5.0},
        {"profit_factor": np.inf, "return_pct": 7.0, "trades": 30.0},
        {"profit_factor": np.inf, "return_pct": 7.0, "trades": 50.0},
        {"profit_factor": np.nan, "return_pct": 0.0},
        {"profit_factor": np.inf, "return_pct": 9.0, "trades": 3.0},  # too few trades
    ]
    objective, table = Objective.parse("profit_factor", 10), table_of(rows)
    scores = objective.scores(table.rows)
    assert np.argsort(-objective.ranks(table.rows, scores)).tolist()[:4] == [3, 2, 1, 0]
    assert np.isneginf(scores[[4, 5]]).all()
    assert best(table, objective) == 3
    effect = sensitivities(table, scores)["x"]
    assert effect.effect is None  # some values of x are perfect, others not
    assert [entry.median for entry in effect.medians] == [900.0, None, None, None, None, None]


def test_a_lone_perfect_point_is_a_spike_and_a_perfect_neighbourhood_a_plateau() -> None:
    objective = Objective.parse("profit_factor", 1)
    for values, kind in (([1.0, 1.1, np.inf, 1.2, 1.0], "spike"), ([1.0, np.inf, np.inf, np.inf, 1.0], "plateau")):
        table = table_of([{"profit_factor": value, "return_pct": 1.0} for value in values])
        scores = objective.scores(table.rows)
        peaks = Surface(table.space, table.indices).peaks(scores, objective.ranks(table.rows, scores))
        assert peaks is not None
        assert (peaks.best.score, peaks.best.kind) == (np.inf, kind)


@pytest.fixture(params=["reference", "kernel"])
def engine(request: pytest.FixtureRequest) -> Evaluator:
    if request.param == "kernel":
        return KernelSweep(Dial, BARS, SETTINGS, threads=1)
    return ReferenceSweep(ReferenceTask(Dial, BARS, SETTINGS))


def test_the_shortest_drawdown_is_chosen_where_every_day_is_alike(engine: Evaluator) -> None:
    objective, space = Objective.parse("max_drawdown_days", 30), make_space(parameter_space(Dial), ["hour=0:11:1"])
    table = search(space, SearchPlan(), Measurer(space, engine, Span(0, len(BARS))), objective)
    scores = objective.scores(table.rows)
    peaks = Surface(space, table.indices).peaks(scores, objective.ranks(table.rows, scores))
    assert peaks is not None
    assert table.parameters(peaks.recommended.row)["hour"] in range(4)
    assert table.parameters(peaks.best.row)["hour"] in range(4)


def test_the_efficiency_is_one_where_every_day_is_alike(engine: Evaluator) -> None:
    space = make_space(parameter_space(Dial), ["hour=1:3:1"])
    walk = WalkForward(engine, space, SearchPlan(), Objective.parse("sharpe", 10))
    outcomes = walk.run(make_windows(BARS, WindowPlan.parse("10d", "5d", "5d", "0d", anchored=False)))
    returns = [outcome.chosen.test[COLUMNS["return_pct"]] for outcome in outcomes if outcome.chosen]
    # 4 % a day: 1.04^5 in each of six tests, 224.34 % in 30 days.
    assert returns == pytest.approx([(1.04**5 - 1) * 100] * 6, abs=1e-4)
    assert np.prod([1 + found / 100 for found in returns]) - 1 == pytest.approx(2.2434, abs=1e-4)
    assert efficiency(outcomes) == pytest.approx(1.0, abs=1e-6)


def test_both_engines_give_the_same_matrix_of_perfect_and_undefined_figures() -> None:
    points, span = [{"hour": hour} for hour in range(12)], Span(0, len(BARS))
    idle = replace(BARS[:2])
    for bars, part in ((BARS, span), (idle, Span(0, 2))):
        kernel = KernelSweep(Dial, bars, SETTINGS, threads=1).evaluate(points, part)
        reference = ReferenceSweep(ReferenceTask(Dial, bars, SETTINGS)).evaluate(points, part)
        np.testing.assert_allclose(kernel, reference, rtol=1e-9, atol=1e-9)
        assert not np.isneginf(kernel).any()
