"""Signals: validated on creation."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals, crosses_above, crosses_below, never, price_away

NAN = np.nan


def made(**changed: Any) -> Signals:
    return Signals(**{name: never(3) for name in ("long_entry", "short_entry", "long_exit", "short_exit")} | changed)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"short_entry": never(2)}, r"Signals\.short_entry has shape \(2,\); long_entry has \(3,\)"),
        ({"long_exit": np.array([0.0, NAN, 1.0])}, r"Signals\.long_exit has dtype float64; use bool"),
        ({"long_entry": pd.Series([True, False, True])}, r"Signals\.long_entry is a Series. Give a numpy array"),
        ({"long_entry": [True, False, True]}, r"Signals\.long_entry is a list"),
        ({"stop_price": np.array([1, 2, 3])}, r"Signals\.stop_price has dtype int64; use float64"),
        ({"stop_price": np.array([1.0, 0.0, NAN])}, r"Signals\.stop_price is 0\.0 at bar 1\. Give a price above 0"),
        ({"target_price": np.array([NAN, 1.0, -2.0])}, r"Signals\.target_price is -2\.0 at bar 2"),
        ({"target_price": np.array([np.inf, 1.0, 1.0])}, r"Signals\.target_price is inf at bar 0"),
        ({"size": 0.0}, r"Signals\.size must be a share of equity above 0 and at most 1"),
        ({"size": 1.5}, r"Signals\.size .*; it is 1\.5\."),
        ({"size": np.array([0.5, NAN, 0.5])}, r"Signals\.size .*; it is nan at bar 1\."),
        ({"size": np.array([0.5, 1.0, 2.5])}, r"Signals\.size .*; it is 2\.5 at bar 2\."),
        ({"size": np.array([0.5, 0.5])}, r"Signals\.size has shape \(2,\)"),
        ({"indicators": {"SMA": np.zeros(4)}}, r"Signals\.indicators\[SMA\] has shape \(4,\)"),
        ({"indicators": {"SMA": pd.Series([1.0, 2.0, 3.0])}}, r"Signals\.indicators\[SMA\] is a Series"),
    ],
)
def test_nonsense_is_refused_with_what_is_needed(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        made(**changed)


def test_what_is_whole_passes_and_every_array_is_listed() -> None:
    signals = made(
        size=np.array([0.5, 1.0, 0.1]), stop_price=np.array([NAN, 1.0, 2.0]), indicators={"SMA": np.array([NAN, 1, 2])}
    )
    assert len(signals) == 3
    assert list(signals.columns()) == [
        "long_entry",
        "short_entry",
        "long_exit",
        "short_exit",
        "size",
        "stop_price",
        "indicators[SMA]",
    ]
    assert len(made()) == 3
    assert len(made(size=1)) == 3


def test_a_cross_needs_both_sides_and_counts_a_touch_as_not_yet() -> None:
    series = np.array([1.0, 2.0, 2.0, 3.0, 2.0, 1.0, NAN, 3.0, 1.0, 5.0])
    assert np.flatnonzero(crosses_above(series, 2.0)).tolist() == [3, 9]
    assert np.flatnonzero(crosses_below(series, 2.0)).tolist() == [5, 8]
    level = np.array([2.0, 1.0, 3.0, 3.0, 1.0, 1.0, 1.0, 1.0, NAN, 1.0])
    assert np.flatnonzero(crosses_above(series, level)).tolist() == [1, 4]


def test_a_price_away_from_the_close_is_never_at_or_below_zero() -> None:
    close, distance = np.array([10.0, 10.0, 10.0, 10.0]), np.array([3.0, 3.0, 10.0, NAN])
    found = price_away(close, distance, np.array([True, False, False, True]))
    np.testing.assert_array_equal(found, [13.0, 7.0, NAN, NAN])
