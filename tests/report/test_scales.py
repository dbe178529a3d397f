"""Scales, ticks and numbers stay readable for any size of values."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.report.numbers import amount, price, tick_texts
from skills_lib.report.scales import scale_of

SIZES = st.floats(allow_nan=False, allow_infinity=False)
WIDEST = 12


@given(st.lists(SIZES, min_size=1, max_size=6), st.sampled_from(["linear", "logarithmic"]))
def test_every_value_lies_on_the_scale_and_every_tick_has_a_short_label_of_its_own(
    values: list[float], kind: str
) -> None:
    given_values = np.array(values)
    scale = scale_of([given_values], kind)  # type: ignore[arg-type]
    places = scale.place(given_values)
    assert ((places >= 0) & (places <= 1)).all()
    ordered = scale.place(np.sort(given_values))
    assert (np.diff(ordered) >= 0).all()
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 16
    assert all(scale.low <= value <= scale.high for value, _ in ticks)
    texts = [text for _, text in ticks]
    assert all(len(text) <= WIDEST for text in texts)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-3.4, 7.9), (1e-9, 5e-9), (12_345, 12_346), (1e300, 9e300), (-1e12, 1e12), (0.1, 0.1004)]
)
def test_labels_of_a_linear_axis_differ(low: float, high: float) -> None:
    texts = [text for _, text in scale_of([np.array([low, high])], "linear").ticks()]
    assert len(set(texts)) == len(texts) >= 3


@pytest.mark.parametrize("days", [0.01, 0.5, 1, 9, 40, 200, 400, 2_000, 8_000, 30_000])
def test_times_have_between_two_and_a_dozen_ticks_in_order(days: float) -> None:
    start = 1.7e18 - 86_400e9 * 3
    ticks = scale_of([np.array([start, start + days * 86_400e9])], "time").ticks()
    assert 2 <= len(ticks) <= 14
    assert all(a[0] < b[0] for a, b in pairwise(ticks))
    assert len({text for _, text in ticks}) == len(ticks)


def test_a_single_moment_and_a_single_value_have_a_scale() -> None:
    assert scale_of([np.array([1.7e18])], "time").place([1.7e18])[0] == 0
    assert 0 < scale_of([np.array([5.0])], "linear").place([5.0])[0] < 1
    assert scale_of([np.array([np.nan])], "linear").ticks()


def test_a_ruined_account_lies_on_the_lower_edge_of_a_log_axis() -> None:
    scale = scale_of([np.array([100_000.0, 0.0, -5.0])], "logarithmic")
    assert scale.place([0.0, -5.0]).tolist() == [0, 0]
    assert scale_of([np.array([0.0, -1.0])], "logarithmic").place([0.0])[0] == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.5, "1,234.50"), (-0.0001, "0.00"), (None, "n/a"), (math.nan, "n/a"), (3, "3"), (1e300, "1.00e+300")],
)
def test_amounts(value: float | None, text: str) -> None:
    assert amount(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0000123, "0.0000123"), (43_210.5, "43,210.5"), (0, "0"), (1e-12, "1e-12")]
)
def test_prices_of_any_size(value: float, text: str) -> None:
    assert price(value) == text


def test_labels_of_one_axis_have_one_unit() -> None:
    assert tick_texts([0, 500_000, 1_000_000]) == ["0.0", "0.5M", "1.0M"]
    assert tick_texts([0.00001, 0.00002]) == ["1e-05", "2e-05"]
