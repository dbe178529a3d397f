"""Searches a space: all points, a random sample, or points proposed by TPE."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.limits import MAX_COUNT, MAX_SEED, require_within
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.options import option
from skills_lib.optimize.measure import Measure, Measurer
from skills_lib.optimize.space import Space
from skills_lib.optimize.stability import neighbours_of
from skills_lib.optimize.table import Objective, SearchTable

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import Trial

Method = Literal["grid", "random", "tpe"]
_METHODS: tuple[Method, ...] = ("grid", "random", "tpe")

DEFAULT_TRIALS = 200
TPE_BATCH = 8
"""Points per TPE proposal round: a constant, so that the same seed gives the same points on any machine."""
COMPLETED_PEAKS = 3
"""After sampling, the neighbours of this many best points are tried too, and again if one of them is better, so that
their stability can be rated."""
_MAX_EMPTY_ROUNDS = 50  # proposals per requested trial after which a sampler stops


class SearchPlan(FrozenModel):
    """The search method. `trials` is None for a grid, which tries every combination."""

    method: Method = "grid"
    trials: int | None = None
    seed: int = 0

    @classmethod
    def parse(cls, method: str, trials: int | None, seed: int) -> "SearchPlan":
        """Parse the method's arguments.

        Raises:
            InputError: unknown method, a number of trials or a seed that is not allowed, or optuna is not installed.
        """
        if method not in _METHODS:
            raise InputError(f"Unknown method '{method}'.{did_you_mean(method, _METHODS)} Allowed: grid, random, tpe.")
        if method == "grid" and trials is not None:
            raise InputError(
                f"A grid tries every combination: omit {option('trials')}, or use {option('method', 'random')} or tpe."
            )
        if trials is not None:
            require_within("trials", trials, 1, MAX_COUNT)
        require_within("seed", seed, 0, MAX_SEED)
        if method == "tpe":
            _require_optuna()
        wanted = None if method == "grid" else trials or DEFAULT_TRIALS
        return cls.model_validate({"method": method, "trials": wanted, "seed": seed})

    def expected(self, space: Space) -> int:
        """Expected number of evaluations, for progress."""
        if self.trials is None:
            return len(space.admissible)
        return min(self.trials, len(space.admissible)) if space.is_enumerable else self.trials


def search(space: Space, plan: SearchPlan, measure: Measurer, objective: Objective) -> SearchTable:
    """Try points of `space` according to `plan` and return all measured points.

    Raises:
        InputError: a grid too large to enumerate, or no admissible point was found.
    """
    if plan.method == "grid":
        measure(space.admissible)
    elif plan.method == "random":
        measure(_sample(space, plan))
    else:
        _tpe(space, plan, measure, objective)
    if plan.trials is not None:
        _surround_peaks(space, plan.trials, measure, objective)
    return measure.table()


def _surround_peaks(space: Space, max_points: int, measure: Measurer, objective: Objective) -> None:
    """Try the neighbours of the best points until all have been tried, or until `max_points` more points have."""
    table = measure.table()
    limit = len(table) + max_points
    while len(table) < limit:
        ranks = objective.ranks(table.rows, objective.scores(table.rows))
        best = np.argsort(-ranks, kind="stable")[:COMPLETED_PEAKS]
        around = [index for index in neighbours_of(space, table.indices[best]) if space.admits(index)]
        measure(np.array(around, dtype=np.int64))
        before, table = table, measure.table()
        if len(table) == len(before):
            break


def _sample(space: Space, plan: SearchPlan) -> IntArray:
    rng, trials = np.random.default_rng(plan.seed), plan.trials or DEFAULT_TRIALS
    if not space.is_enumerable:
        return _sample_indices(space, trials, lambda: int(rng.integers(space.size)))
    wanted = min(trials, len(space.admissible))
    return np.asarray(rng.choice(space.admissible, size=wanted, replace=False), dtype=np.int64)


def _sample_indices(space: Space, trials: int, draw: Callable[[], int]) -> IntArray:
    """Distinct admissible points from a space too large to enumerate."""
    found: dict[int, None] = {}
    for _ in range(_MAX_EMPTY_ROUNDS * trials):
        index = draw()
        if space.admits(index):
            found[index] = None
        if len(found) == trials:
            break
    return _refuse_none(np.array(list(found), dtype=np.int64), space)


def _tpe(space: Space, plan: SearchPlan, measure: Measure, objective: Objective) -> None:
    study, trials = _study(plan.seed), plan.expected(space)
    tried: set[int] = set()
    for _ in range(_MAX_EMPTY_ROUNDS * trials // TPE_BATCH + 1):
        proposed = [study.ask() for _ in range(min(TPE_BATCH, trials - len(tried)))]
        points = np.array([_proposal(trial, space) for trial in proposed], dtype=np.int64)
        admitted = np.array([space.admits(index) for index in points])
        scores = np.full(len(points), -np.inf)
        if admitted.any():
            scores[admitted] = objective.scores(measure(points[admitted]))
        _report_scores(study, proposed, scores)
        tried.update(points[admitted].tolist())
        if len(tried) >= trials:
            break
    _refuse_none(np.array(list(tried), dtype=np.int64), space)


def _report_scores(study: "Study", proposed: "list[Trial]", scores: FloatArray) -> None:
    from optuna.trial import TrialState

    for trial, score in zip(proposed, scores, strict=True):
        if score > -np.inf:
            study.tell(trial, float(score))
        else:  # not admissible, undefined or too few trades: TPE counts a pruned trial among the bad ones
            study.tell(trial, state=TrialState.PRUNED)


def _study(seed: int) -> "Study":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))


def _proposal(trial: "Trial", space: Space) -> int:
    place = np.zeros((1, len(space.shape)), dtype=np.int64)
    for name, axis in space.varied.items():
        last = space.shape[axis] - 1
        if name in space.ordered:
            place[0, axis] = trial.suggest_int(name, 0, last)
        else:
            place[0, axis] = trial.suggest_categorical(name, list(range(last + 1)))
    return int(space.indices(place)[0])


def _refuse_none(indices: IntArray, space: Space) -> IntArray:
    if not len(indices):
        listed = " and ".join(constraint.text for constraint in space.constraints)
        raise InputError(f"No combination among {space.size:,} found that meets {listed}. Narrow the ranges.")
    return indices


def _require_optuna() -> None:
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise InputError(
            f"{option('method', 'tpe')} needs optuna. Run pip install 'twokey[optimize]', or use "
            f"{option('method', 'random')}."
        ) from None
