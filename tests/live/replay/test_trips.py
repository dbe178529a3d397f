"""Round trips are complete positions, exact to the last unit; markouts take the mid price that held at their end."""

from hypothesis import given
from hypothesis import strategies as st

from live.engine.events import BookChanged
from live.enums import Side
from live.money import SCALE, product
from live.replay.round_trips import ExitReason
from live.replay.trip_recorder import AccountFill, MarkoutRecorder, TripRecorder
from tests.live.replay.trips import SECOND


def fill(
    side: Side, quantity: int, price: int = 100, second: float = 0, fee: int = 3, maker: bool = False
) -> AccountFill:
    """A fill of whole units."""
    return AccountFill(
        symbol="BTCUSDT",
        side=side,
        time_ns=round(second * SECOND),
        price=price * SCALE,
        quantity=quantity * SCALE,
        fee=fee,
        maker=maker,
        reason=ExitReason.TARGET if side is Side.SELL else None,
    )


def recorded(*fills: AccountFill) -> TripRecorder:
    recorder = TripRecorder()
    for one in fills:
        recorder.on_fill(one)
    return recorder


def test_partial_fills_on_both_sides_are_one_round_trip() -> None:
    recorder = recorded(
        fill(Side.BUY, 2, 100, 1), fill(Side.BUY, 1, 103, 2), fill(Side.SELL, 1, 104, 3), fill(Side.SELL, 2, 105, 4)
    )
    (trip,) = recorder.trips
    assert (trip.entry_ns, trip.exit_ns) == (SECOND, 4 * SECOND)
    assert trip.quantity == 3 * SCALE
    assert (trip.entry_value, trip.exit_value) == (303 * SCALE, 314 * SCALE)
    assert (trip.gross, trip.fees, trip.net) == (11 * SCALE, 12, 11 * SCALE - 12)
    assert trip.reason is ExitReason.TARGET
    assert recorder.open_symbols == []


def test_a_position_that_is_still_open_is_no_round_trip() -> None:
    recorder = recorded(fill(Side.BUY, 2), fill(Side.SELL, 1))
    assert (recorder.trips, recorder.open_symbols) == ([], ["BTCUSDT"])


def test_a_fill_beyond_the_position_ends_it_and_opens_the_opposite_one() -> None:
    recorder = recorded(fill(Side.BUY, 1, 100), fill(Side.SELL, 3, 110, fee=9), fill(Side.BUY, 2, 108, fee=2))
    first, second = recorder.trips
    assert (first.side, first.gross, first.fees) == (Side.BUY, 10 * SCALE, 3 + 3)
    assert (second.side, second.gross, second.fees) == (Side.SELL, 4 * SCALE, 6 + 2)


def test_funding_belongs_to_the_position_that_was_open() -> None:
    recorder = TripRecorder()
    recorder.on_funding("BTCUSDT", 99)
    recorder.on_fill(fill(Side.BUY, 1))
    recorder.on_funding("BTCUSDT", -7)
    recorder.on_fill(fill(Side.SELL, 1))
    assert [trip.funding for trip in recorder.trips] == [-7]


FILLS = st.tuples(st.sampled_from(Side), st.integers(1, 5), st.integers(90, 110), st.integers(0, 1_000))


@given(st.lists(FILLS, max_size=40))
def test_the_net_of_all_round_trips_is_the_cash_that_moved(generated: list[tuple[Side, int, int, int]]) -> None:
    fills = [fill(side, quantity, price, n, fee) for n, (side, quantity, price, fee) in enumerate(generated)]
    held = sum(one.side.sign * one.quantity for one in fills)
    if held:  # close what is left
        side = Side.SELL if held > 0 else Side.BUY
        fills.append(fill(side, abs(held) // SCALE, 100, len(fills)))
    recorder = recorded(*fills)
    cash = sum(-one.side.sign * product(one.price, one.quantity) - one.fee for one in fills)
    assert recorder.open_symbols == []
    assert sum(trip.net for trip in recorder.trips) == cash


def book(second: float, mid: int, usable: bool = True) -> BookChanged:
    bids, asks = ((mid - 1) * SCALE, SCALE), ((mid + 1) * SCALE, SCALE)
    return BookChanged(round(second * SECOND), "BTCUSDT", 0, 1, usable, bids, asks)


def test_a_markout_takes_the_mid_that_held_when_its_horizon_ended() -> None:
    recorder = MarkoutRecorder()
    recorder.on_book(book(0, 100))
    recorder.on_fill(fill(Side.BUY, 1, second=0, maker=True))
    recorder.on_fill(fill(Side.BUY, 1, second=0, maker=False))
    for second, mid, usable in (
        (0.05, 101, True),
        (0.5, 102, True),
        (1.5, 103, True),
        (9, 900, False),
        (11, 104, True),
    ):
        recorder.on_book(book(second, mid, usable))
    (found,) = recorder.fills
    assert found.mids == (101 * SCALE, 102 * SCALE, 103 * SCALE, 0)  # the tape ended before a minute


def test_what_is_watched_does_not_grow_with_the_books() -> None:
    recorder = MarkoutRecorder()
    recorder.on_fill(fill(Side.BUY, 1, second=0, maker=True))
    for second in range(200):
        recorder.on_book(book(second, 100 + second))
    assert not any(recorder._due)
    assert recorder.fills[0].mids == (100 * SCALE, 101 * SCALE, 110 * SCALE, 160 * SCALE)
