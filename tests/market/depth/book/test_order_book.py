"""The book: figures computed by hand, and invariants under random updates."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.market.depth.book.compiled_book import CompiledBook
from skills_lib.market.depth.book.order_book import OrderBook
from skills_lib.market.depth.book.view import WritableBook
from skills_lib.market.depth.model import Level, Venue, WireError
from skills_lib.market.depth.scale import MAX_SCALED, Scale, ScaleError, scaled

BIDS = [("99.50", "2.000"), ("99.00", "1.000"), ("98.00", "4.000"), ("90.00", "10.000")]
ASKS = [("100.50", "1.000"), ("101.00", "1.000"), ("102.00", "2.000"), ("110.00", "10.000")]


def books() -> list[WritableBook]:
    """The plain book and the compiled one."""
    return [OrderBook("BTCUSDT"), CompiledBook("BTCUSDT", Venue.USDM)]


@pytest.fixture(params=(0, 1), ids=lambda n: ("plain", "compiled")[n])
def book(request: pytest.FixtureRequest) -> WritableBook:
    """The book of the tables above."""
    made = books()[request.param]
    made.load(BIDS, ASKS, 7)
    return made


def test_a_snapshot_is_read_best_first(book: WritableBook) -> None:
    assert book.scale == Scale(1, 0, 2, 3)
    assert book.best_bid == Level(995, 2)
    assert book.best_ask == Level(1005, 1)
    assert book.top_text(2) == (BIDS[:2], ASKS[:2])
    assert (book.levels, book.update_id, book.crossed) == ((4, 4), 7, False)


def test_the_flat_top_is_in_the_units_asked_for(book: WritableBook) -> None:
    assert book.scaled_top(2, 10, 1_000) == ((9_950, 2_000, 9_900, 1_000), (10_050, 1_000, 10_100, 1_000))
    assert book.scaled_top(5, 1, 1).bids == (995, 2, 990, 1, 980, 4, 900, 10)  # a side of four levels


def test_a_flat_top_keeps_numbers_that_a_word_does_not_hold(book: WritableBook) -> None:
    assert book.scaled_top(1, 10**17, 10**18) == ((995 * 10**17, 2 * 10**18), (1_005 * 10**17, 10**18))


def test_imbalance_is_the_difference_over_the_sum(book: WritableBook) -> None:
    assert book.imbalance(1) == pytest.approx(1 / 3)  # (2 - 1) / (2 + 1)
    assert book.imbalance(3) == pytest.approx(3 / 11)  # (7 - 4) / (7 + 4)
    assert book.imbalance(5) == pytest.approx(3 / 31)


def test_prices_between_the_sides(book: WritableBook) -> None:
    assert book.mid() == 100.0
    assert book.microprice() == pytest.approx((99.5 * 1 + 100.5 * 2) / 3)
    assert book.spread_bps() == pytest.approx(100.0)


def test_depth_is_in_quote_currency(book: WritableBook) -> None:
    assert book.depth_quote(40) == (0.0, 0.0)
    assert book.depth_quote(50) == (199.0, 100.5)
    assert book.depth_quote(250) == (199.0 + 99.0 + 392.0, 100.5 + 101.0 + 204.0)


def test_an_update_sets_absolute_quantities_and_zero_deletes(book: WritableBook) -> None:
    book.apply([("99.50", "0"), ("98.00", "7.000"), ("12.00", "0.000")], [("100.10", "3.000")], 8)
    assert book.top_text(2) == ([("99.00", "1.000"), ("98.00", "7.000")], [("100.10", "3.000"), ("100.50", "1.000")])
    assert book.quantity_at("bid", 980) == 7
    assert book.quantity_at("bid", 995) == 0
    assert book.levels == (3, 5)
    book._check()


def test_a_bad_level_leaves_all_of_the_book_as_it_was(book: WritableBook) -> None:
    for bad in (("1", "-1"), ("0", "1"), ("x", "1"), ("1", ""), ("1_0", "1"), (" 1", "1"), ("1", "٣"), ("1e99", "1")):
        with pytest.raises(WireError):
            book.apply([("99.50", "9.000")], [("100.60", "1.000"), bad], 8)
        assert (book.top_text(4), book.update_id) == ((BIDS, ASKS), 7)


def test_more_decimals_refine_the_scale_and_change_no_value(book: WritableBook) -> None:
    before = [book.scale.price_decimal(level.price) for level in book.bids()]
    book.apply([("99.4321", "0.12345")], [], 8)
    assert [book.scale.price_decimal(level.price) for level in book.bids() if level.price % 1000 == 0] == before
    assert book.quantity_at("bid", 994321) == 12345
    book._check()


def test_a_given_scale_is_fixed() -> None:
    scale = Scale.of_filters("0.10", "0.001")
    book = OrderBook("BTCUSDT", scale)
    book.load(BIDS, ASKS, 7)
    assert (book.scale, book.best_bid) == (Scale(1, 3, 2, 3), Level(995, 2000))
    with pytest.raises(ScaleError, match="has 2 decimals, the scale in use 1"):
        book.apply([("99.45", "1")], [], 8)


def test_a_crossed_book_says_so(book: WritableBook) -> None:
    book.apply([("100.50", "1.000")], [], 8)
    assert book.crossed


def test_an_empty_side_has_no_prices_between(book: WritableBook) -> None:
    book.load([], ASKS, 9)
    assert (book.best_bid, book.mid(), book.microprice(), book.spread_bps()) == (None, None, None, None)
    assert book.depth_quote(100) == (0.0, 0.0)
    assert book.imbalance(1) == -1.0
    book.load([], [], 10)
    assert book.imbalance(5) is None


@given(st.decimals(min_value=0, max_value=9 * 10**7, places=8, allow_nan=False), st.integers(8, 9))
def test_a_scaled_number_is_exact(number: Decimal, decimals: int) -> None:
    assert scaled(f"{number:f}", decimals) == number.scaleb(decimals)
    assert scaled(f"{number:e}", decimals) == number.scaleb(decimals) if len(f"{number:e}") < 40 else True


def test_numbers_that_do_not_fit_are_refused() -> None:
    assert scaled("99999999999999999", 0) == MAX_SCALED
    for text in ("100000000000000000", "1e17", "NaN", "Infinity", "+1", "-0", "1.", ".5", "1.2.3", "0x1", ""):
        with pytest.raises(WireError):
            scaled(text, 0)


@given(st.integers(0, MAX_SCALED), st.integers(0, 8), st.integers(0, 3))
def test_what_is_written_is_read_again(value: int, decimals: int, zeros: int) -> None:
    scale = Scale(decimals, decimals, decimals + zeros, decimals + zeros)
    text = scale.quantity_text(value)
    assert scale.quantity(text) == value
    assert len(text.partition(".")[2]) == decimals + zeros


CHANGES = st.lists(st.tuples(st.booleans(), st.integers(1, 200_000), st.integers(0, 3)), min_size=1, max_size=30)


@given(st.lists(CHANGES, max_size=12))
def test_random_work_keeps_every_invariant_and_both_books_equal_to_a_dictionary(
    steps: list[list[tuple[bool, int, int]]],
) -> None:
    sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
    made = books()
    for book in made:
        book.load([("0.1", "0.1")], [("30000.1", "0.1")], 0)
    sides[0][1] = sides[1][300_001] = 1
    for number, changes in enumerate(steps, start=1):
        rows: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])
        for is_ask, price, quantity in changes:
            rows[is_ask].append((f"{price / 10:.1f}", f"{quantity / 10:.1f}"))
            sides[is_ask][price] = quantity
        for book in made:
            book.apply(*rows, number)
            book._check()
    for book in made:
        assert list(book.bids()) == sorted(((p, q) for p, q in sides[0].items() if q), reverse=True)
        assert list(book.asks()) == sorted((p, q) for p, q in sides[1].items() if q)


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 3)), max_size=400), st.integers(1, 40))
def test_all_levels_stay_in_order_whatever_is_deleted(levels: list[tuple[int, int]], size: int) -> None:
    book = OrderBook("BTCUSDT", Scale(0, 0))
    book.load([(str(price), "1") for price in range(1, 200)], [], 1)
    known = dict.fromkeys(range(1, 200), 1)
    for start in range(0, len(levels), size):
        part = levels[start : start + size]
        book.set_levels(part, [], start + 2)
        known |= dict(part)
        left = {price: quantity for price, quantity in known.items() if quantity}
        assert list(book.bids()) == sorted(left.items(), reverse=True)
        assert book.best_bid == max(left.items(), default=None)
        assert book.levels == (len(left), 0)
        book._check()
