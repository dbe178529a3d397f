"""Plateaus and spikes on surfaces with a known result."""

from collections.abc import Callable

import numpy as np
import pytest

from skills_lib.domain.constraints import Constraint
from skills_lib.optimize.sensitivity import at_edges, sensitivities
from skills_lib.optimize.space import Space
from skills_lib.optimize.stability import Peaks, Surface
from skills_lib.optimize.table import SearchTable

SQUARE = Space({"x": tuple(range(12)), "y": tuple(range(12))})


def judged(space: Space, score: Callable[..., float]) -> tuple[Peaks, Surface, np.ndarray]:
    points = space.combinations(space.admissible)
    scores = np.array([score(**point) for point in points], dtype=np.float64)
    surface = Surface(space, space.admissible)
    peaks = surface.peaks(scores)
    assert peaks is not None
    return peaks, surface, scores


def parameters_of(space: Space, row: int) -> dict[str, object]:
    return space.combinations(space.admissible[row : row + 1])[0]


def spike_and_plateau(x: int, y: int) -> float:
    if (x, y) == (2, 9):
        return 10.0
    return 5.0 if 5 <= x <= 9 and 1 <= y <= 5 else 0.0


def test_the_centre_of_a_plateau_is_recommended_beside_a_higher_spike() -> None:
    peaks, _, _ = judged(SQUARE, spike_and_plateau)
    assert parameters_of(SQUARE, peaks.best.row) == {"x": 2, "y": 9}
    assert (peaks.best.kind, peaks.best.score, peaks.best.neighbourhood_median) == ("spike", 10.0, 0.0)
    assert parameters_of(SQUARE, peaks.recommended.row) == {"x": 7, "y": 3}
    assert (peaks.recommended.kind, peaks.recommended.score, peaks.recommended.neighbours) == ("plateau", 5.0, 4)


def test_a_smooth_hill_is_a_plateau_and_its_top_is_recommended() -> None:
    peaks, _, _ = judged(SQUARE, lambda x, y: -((x - 6) ** 2) - (y - 4) ** 2)
    assert parameters_of(SQUARE, peaks.best.row) == parameters_of(SQUARE, peaks.recommended.row) == {"x": 6, "y": 4}
    assert peaks.best.kind == "plateau"


def test_of_two_equal_plateaus_the_larger_wins_at_its_own_centre_not_between_them() -> None:
    def score(x: int, y: int) -> float:
        return 5.0 if (x <= 2 and y <= 2) or (x >= 7 and y >= 7) else 0.0

    peaks, _, _ = judged(SQUARE, score)
    assert parameters_of(SQUARE, peaks.recommended.row) == {"x": 9, "y": 9}


def test_a_pit_inside_a_plateau_is_not_recommended() -> None:
    peaks, _, _ = judged(SQUARE, lambda x, y: -3.0 if (x, y) == (7, 3) else spike_and_plateau(x, y))
    assert parameters_of(SQUARE, peaks.recommended.row) != {"x": 7, "y": 3}
    assert peaks.recommended.score == 5.0


def test_a_lone_peak_at_the_edge_is_a_spike_too() -> None:
    line = Space({"x": tuple(range(8))})
    peaks, _, _ = judged(line, lambda x: 10.0 if x == 0 else 1.0 if 4 <= x <= 6 else 0.0)
    assert (parameters_of(line, peaks.best.row), peaks.best.kind) == ({"x": 0}, "spike")
    assert parameters_of(line, peaks.recommended.row) == {"x": 5}


def test_a_peak_beside_combinations_without_trades_is_a_spike() -> None:
    peaks, _, _ = judged(SQUARE, lambda x, y: 10.0 if (x, y) == (6, 6) else 1.0 if x < 3 else -np.inf)
    assert peaks.best.kind == "spike"
    assert peaks.best.neighbourhood_median == -np.inf
    assert peaks.recommended.score == 1.0


def test_neighbours_lie_along_numbers_not_along_names() -> None:
    space = Space({"x": (1, 2, 3), "mode": ("ema", "sma"), "flag": (False, True)})
    peaks, _, _ = judged(space, lambda x, mode, flag: float(x == 2 and mode == "sma" and flag))
    assert peaks.best.neighbours == 2


def test_points_that_a_constraint_forbids_are_no_neighbours() -> None:
    space = Space({"a": (1, 2, 3), "b": (1, 2, 3)}, (Constraint.parse("a < b", ["a", "b"]),))
    peaks, _, _ = judged(space, lambda a, b: float(b - a))
    assert parameters_of(space, peaks.best.row) == {"a": 1, "b": 3}
    assert peaks.best.neighbours == 2


def test_without_neighbours_stability_is_unknown_and_the_raw_maximum_is_recommended() -> None:
    indices = np.array([0, 50, 100])
    peaks = Surface(SQUARE, indices).peaks(np.array([1.0, 3.0, 2.0]))
    assert peaks is not None
    assert peaks.best == peaks.recommended
    assert (peaks.best.row, peaks.best.kind) == (1, "unknown")


def test_without_any_score_there_is_no_peak() -> None:
    assert Surface(SQUARE, np.array([0, 1])).peaks(np.array([-np.inf, -np.inf])) is None


def test_the_median_of_an_even_neighbourhood_is_the_lower_one() -> None:
    surface = Surface(Space({"x": (1, 2)}), np.array([0, 1]))
    assert surface.medians(np.array([4.0, 10.0])).tolist() == [4.0, 4.0]


def test_sensitivity_is_the_spread_of_medians_along_each_parameter() -> None:
    _, _, scores = judged(SQUARE, lambda x, y: 3.0 * x)
    table = SearchTable(SQUARE, SQUARE.admissible, np.zeros((SQUARE.size, 1)))
    found = sensitivities(table, scores)
    assert found["x"].effect == pytest.approx(33.0)
    assert found["y"].effect == 0.0
    assert [entry.combinations for entry in found["x"].medians] == [12] * 12


def test_a_point_at_the_edge_names_the_parameters_and_what_was_tried() -> None:
    table = SearchTable(SQUARE, SQUARE.admissible, np.zeros((SQUARE.size, 1)))
    corner = int(SQUARE.indices(np.array([[11, 4]]))[0])
    assert list(at_edges(table, corner)) == ["x=11 (tried 0 to 11)"]
