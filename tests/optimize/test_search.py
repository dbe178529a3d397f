"""Searches try each point once, and a seed gives the same points again."""

from collections.abc import Sequence

import numpy as np
import pytest

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.model import Parameters, Span
from skills_lib.backtest.sweep.evaluator import COLUMNS
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.constraints import Constraint
from skills_lib.domain.errors import InputError
from skills_lib.optimize.measure import Measurer
from skills_lib.optimize.search import COMPLETED_PEAKS, SearchPlan, search
from skills_lib.optimize.space import Space
from skills_lib.optimize.table import Objective, SearchTable

BELOW = (Constraint.parse("x < y", ["x", "y"]),)
SQUARE = Space({"x": tuple(range(30)), "y": tuple(range(30))}, BELOW)
HUGE = Space({f"p{i}": tuple(range(100)) for i in range(5)}, (Constraint.parse("p0 < p1", ["p0", "p1"]),))
SHARPE = Objective("sharpe", 10)


class Hill:
    """An engine whose Sharpe is a smooth hill over the parameters, which records the points it evaluates."""

    name = "hill"
    batch_size = 64

    def __init__(self, top: float = 12.0) -> None:
        self.notes: list[str] = []
        self.evaluated: list[tuple[object, ...]] = []
        self._top = top

    def evaluate(self, combinations: Sequence[Parameters], span: Span) -> FloatArray:
        rows = np.full((len(combinations), len(METRICS)), np.nan)
        for row, point in zip(rows, combinations, strict=True):
            self.evaluated.append(tuple(point.values()))
            row[COLUMNS["sharpe"]] = -sum((float(value) - self._top) ** 2 for value in point.values())
            row[COLUMNS["trades"]] = 50
        return rows

    def execute(self, parameters: Parameters, span: Span, cash: float) -> Execution:
        raise AssertionError("a search executes nothing")


def searched(space: Space, plan: SearchPlan, engine: Hill) -> SearchTable:
    return search(space, plan, Measurer(space, engine, Span(0, 100)), SHARPE)


def test_a_grid_tries_every_admissible_combination_once() -> None:
    engine = Hill()
    table = searched(SQUARE, SearchPlan(), engine)
    assert len(table) == 30 * 29 // 2
    assert len(set(engine.evaluated)) == len(engine.evaluated) == len(table)
    assert all(x < y for x, y in engine.evaluated)


@pytest.mark.parametrize("method", ["random", "tpe"])
@pytest.mark.parametrize("space", [SQUARE, HUGE], ids=["small", "huge"])
def test_sampling_tries_as_many_as_requested_and_the_neighbours_of_the_best(method: str, space: Space) -> None:
    engine = Hill()
    table = searched(space, SearchPlan.parse(method, 40, seed=1), engine)
    assert 40 < len(table) <= 40 + 40 + COMPLETED_PEAKS * 2 * len(space.ordered)
    assert len(set(engine.evaluated)) == len(engine.evaluated) == len(table)
    assert all(space.admits(index) for index in table.indices)


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_a_seed_gives_the_same_points_again_and_another_seed_different_ones(method: str) -> None:
    tables = [searched(SQUARE, SearchPlan.parse(method, 30, seed), Hill()) for seed in (7, 7, 8)]
    assert np.array_equal(tables[0].indices, tables[1].indices)
    assert not np.array_equal(tables[0].indices, tables[2].indices)


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_more_trials_than_combinations_try_each_once(method: str) -> None:
    space = Space({"x": (1, 2, 3), "y": (1, 2, 3)}, BELOW)
    assert len(searched(space, SearchPlan.parse(method, 500, seed=0), Hill())) == 3


def test_tpe_finds_a_better_point_than_random_sampling() -> None:
    best = {}
    for method in ("random", "tpe"):
        table = searched(HUGE, SearchPlan.parse(method, 120, seed=3), Hill(top=60.0))
        best[method] = SHARPE.scores(table.rows).max()
    assert best["tpe"] > best["random"]


def test_the_best_point_of_a_sample_has_neighbours_to_be_judged_by() -> None:
    table = searched(SQUARE, SearchPlan.parse("random", 20, seed=5), Hill())
    best = int(SHARPE.scores(table.rows).argmax())
    tried = {tuple(point.values()) for point in SQUARE.combinations(table.indices)}
    x, y = table.parameters(best).values()
    around = {(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)}
    assert sum(point in tried for point in around) >= 2


def test_a_constraint_that_almost_nothing_meets_is_reported_when_a_huge_space_is_sampled() -> None:
    space = Space(HUGE.values, (Constraint.parse("p0 > 200", ["p0"]),))
    for method in ("random", "tpe"):
        with pytest.raises(InputError, match="found that meets p0 > 200"):
            searched(space, SearchPlan.parse(method, 4, seed=0), Hill())


@pytest.mark.parametrize(
    ("method", "trials", "message"),
    [
        ("gird", None, "Unknown method 'gird'. Did you mean 'grid'? Allowed: grid, random, tpe."),
        ("grid", 50, "A grid tries every combination"),
        ("random", 0, "trials=0 is not allowed. Give 1 to 1,000,000."),
        ("random", 99_999_999_999, "trials=99999999999 is not allowed. Give 1 to 1,000,000."),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(method: str, trials: int | None, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        SearchPlan.parse(method, trials, 0)
    assert message in str(refusal.value)


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_a_seed_that_not_every_generator_accepts_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match=rf"seed={seed} is not allowed\. Give 0 to 2,147,483,647\."):
        SearchPlan.parse("random", 3, seed)


def test_an_absurd_number_of_trades_is_refused() -> None:
    assert Objective.parse("sharpe", 0).min_trades == 0
    for trades in (-1, 10**22):
        with pytest.raises(InputError, match=rf"min-trades={trades} is not allowed\. Give 0 to 1,000,000\."):
            Objective.parse("sharpe", trades)


def test_a_metric_that_does_not_exist_is_refused_with_the_closest() -> None:
    with pytest.raises(InputError, match=r"Unknown metric 'sharp'\. Did you mean 'sharpe'\?"):
        Objective.parse("sharp", 10)


def test_few_trades_and_undefined_metrics_are_never_best() -> None:
    rows = np.full((4, len(METRICS)), np.nan)
    rows[:, COLUMNS["sharpe"]] = [1.0, 9.0, np.nan, 2.0]
    rows[:, COLUMNS["trades"]] = [10, 9, 50, np.nan]
    assert SHARPE.scores(rows).tolist() == [1.0, -np.inf, -np.inf, -np.inf]
