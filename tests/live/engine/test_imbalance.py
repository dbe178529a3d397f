"""The signal compares exact integers, level by level, and a row of updates must agree."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.engine.events import BookChanged
from live.engine.settings import ImbalanceSettings
from live.engine.signals.imbalance import ImbalanceSignal
from live.enums import Side
from live.money import SCALE


def book(bids: list[int], asks: list[int], usable: bool = True) -> BookChanged:
    """A book with these volumes, best first."""
    sides = [
        tuple(value for level, volume in enumerate(side) for value in ((100 + way * level) * SCALE, volume))
        for side, way in ((bids, -1), (asks, 1))
    ]
    return BookChanged(1, "BTCUSDT", 1, 1, usable, sides[0], sides[1])


def said(bids: list[int], asks: list[int], **settings: Any) -> Side | None:
    return ImbalanceSignal(ImbalanceSettings(**settings)).update(book(bids, asks))


def test_it_buys_above_three_and_sells_below_a_third() -> None:
    assert said([61, 60, 60, 60, 60], [20] * 5) is Side.BUY
    assert said([60] * 5, [20] * 5) is None, "exactly 3.0 is not above"
    assert said([33] * 5, [100] * 5) is None, "exactly 0.33 is not below"
    assert said([33, 33, 33, 33, 32], [100] * 5) is Side.SELL
    assert said([50] * 5, [50] * 5) is None


def test_levels_behind_the_depth_do_not_count_and_missing_ones_say_nothing() -> None:
    assert said([90, 0, 999], [10, 10, 0], depth=2) is Side.BUY
    assert said([30, 30, 999], [10, 10, 0], depth=2) is None
    assert said([90] * 4, [10] * 5) is None
    assert said([90] * 5, [10] * 4) is None
    assert said([], []) is None


@pytest.mark.parametrize(
    "breaking", [book([50] * 5, [50] * 5), book([90] * 5, [10] * 5, usable=False), book([90], [10])]
)
def test_updates_in_a_row_must_agree(breaking: BookChanged) -> None:
    signal = ImbalanceSignal(ImbalanceSettings(persistence=3))
    up, down = book([90] * 5, [10] * 5), book([10] * 5, [90] * 5)
    assert [signal.update(one) for one in (up, up, up, up)] == [None, None, Side.BUY, Side.BUY]
    assert [signal.update(one) for one in (down, down, up, down, down, down)] == [None] * 5 + [Side.SELL]
    assert [signal.update(one) for one in (breaking, down, down, down)] == [None, None, None, Side.SELL]


def test_an_empty_side_counts_as_no_volume_where_the_level_is_listed() -> None:
    assert said([1] * 5, [0] * 5) is Side.BUY
    assert said([0] * 5, [0] * 5) is None


VOLUMES = st.lists(st.integers(0, 10**18), min_size=5, max_size=5)


@given(VOLUMES, VOLUMES, st.integers(SCALE + 1, 10 * SCALE))
def test_the_mirrored_book_says_the_opposite(bids: list[int], asks: list[int], ratio: int) -> None:
    """For thresholds whose product is 1, exactly: compared without division."""
    side = said(bids, asks, buy_ratio=ratio, sell_ratio=0)
    expected = Side.BUY if sum(bids) * SCALE > ratio * sum(asks) else None
    assert side is expected
    mirrored = said(asks, bids, buy_ratio=10**30, sell_ratio=SCALE * SCALE // ratio)
    exact = sum(asks) * ratio < sum(bids) * SCALE
    if mirrored is Side.SELL:
        assert exact, "a threshold rounded down never sells where the mirrored one does not buy"
