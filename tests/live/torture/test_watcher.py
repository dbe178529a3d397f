"""What the watcher counts, on an exchange driven in process."""

import pytest

from live.enums import OrderType
from live.simulator.core.commands import Cancel, CancelAlgo
from live.torture.score import Score
from live.torture.watcher import GRACE_MS, Watcher
from tests.live.simulator.in_process import BUY, ME, SELL, ExchangeDriver

STOP = OrderType.STOP_MARKET


class Watched:
    """An exchange with a watcher on its account."""

    def __init__(self) -> None:
        self.venue = ExchangeDriver().opened("60000x9 59999x9", "60001x9 60002x9").mark("60000.5")
        self.watcher = Watcher(ME)
        self.seen = 0

    def score(self) -> Score:
        """The score of everything that has happened."""
        self.watcher.on_events(self.venue.events[self.seen :])
        self.seen = len(self.venue.events)
        return self.watcher.score(self.venue.now_ms)

    def wait(self, milliseconds: int) -> None:
        """Let time pass, with the book going on."""
        for _ in range(milliseconds // 1000):
            self.venue.tick(1000).depth("60000x9", "60001x9")
        self.venue.tick(milliseconds % 1000)


@pytest.fixture
def bot() -> Watched:
    return Watched()


def test_a_round_trip_with_its_stop_is_clean(bot: Watched) -> None:
    bot.venue.order(BUY, "0.01")
    stop = bot.venue.stop(SELL, "0.01", STOP, "59000", reduce_only=True)
    bot.wait(5000)
    bot.venue.order(SELL, "0.01", reduce_only=True)
    bot.venue.send(CancelAlgo(ME, stop.algo_id))
    score = bot.score()
    assert score.clean
    assert (score.orders, score.fills) == (2, 2)


def test_the_same_entry_again_while_the_first_is_held_counts_twice(bot: Watched) -> None:
    bot.venue.order(BUY, "0.01")
    bot.venue.order(BUY, "0.01")
    assert bot.score().duplicate_intents == 1


def test_the_same_entry_after_the_first_was_cancelled_is_no_duplicate(bot: Watched) -> None:
    first = bot.venue.order(BUY, "0.01", "59000")
    bot.venue.send(Cancel(ME, first.symbol, first.order_id))
    bot.venue.order(BUY, "0.01", "59000")
    assert bot.score().duplicate_intents == 0


def test_the_same_entry_after_a_round_trip_is_no_duplicate(bot: Watched) -> None:
    for _ in range(2):
        bot.venue.order(BUY, "0.01")
        bot.venue.order(SELL, "0.01", reduce_only=True)
    assert bot.score().duplicate_intents == 0


def test_a_close_beyond_the_position_counts_as_a_duplicate(bot: Watched) -> None:
    bot.venue.order(BUY, "0.01")
    bot.venue.order(SELL, "0.01", "60100")
    bot.venue.order(SELL, "0.01")
    assert bot.score().duplicate_intents == 1


def test_a_position_without_a_stop_is_naked_after_the_grace_period(bot: Watched) -> None:
    bot.venue.order(BUY, "0.01")
    bot.wait(GRACE_MS)
    assert bot.score().naked_positions == 0


def test_a_naked_position_reports_how_long_it_lasted(bot: Watched) -> None:
    bot.venue.order(BUY, "0.01")
    bot.wait(GRACE_MS + 3000)
    score = bot.score()
    assert (score.naked_positions, score.longest_naked_ms) == (1, GRACE_MS + 3000)


def test_a_stop_for_half_of_the_position_leaves_it_naked(bot: Watched) -> None:
    bot.venue.order(BUY, "0.02")
    bot.venue.stop(SELL, "0.01", STOP, "59000", reduce_only=True)
    bot.wait(GRACE_MS + 1000)
    assert bot.score().naked_positions == 1


def test_a_take_profit_protects_nothing(bot: Watched) -> None:
    bot.venue.order(BUY, "0.01")
    bot.venue.stop(SELL, "0.01", OrderType.TAKE_PROFIT_MARKET, "69000", reduce_only=True)
    bot.wait(GRACE_MS + 1000)
    assert bot.score().naked_positions == 1


def test_a_stop_left_behind_by_a_closed_position_is_an_orphan(bot: Watched) -> None:
    bot.venue.order(BUY, "0.01")
    bot.venue.stop(SELL, "0", STOP, "59000", close_position=True)
    bot.venue.order(SELL, "0.01", reduce_only=True)
    bot.wait(GRACE_MS + 1000)
    score = bot.score()
    assert (score.orphan_stops, score.naked_positions) == (1, 0)


def test_an_orphan_that_is_cancelled_later_still_counts(bot: Watched) -> None:
    bot.venue.order(BUY, "0.01")
    stop = bot.venue.stop(SELL, "0.01", STOP, "59000", reduce_only=True)
    bot.venue.order(SELL, "0.01", reduce_only=True)
    bot.wait(GRACE_MS + 1000)
    bot.venue.send(CancelAlgo(ME, stop.algo_id))
    assert bot.score().orphan_stops == 1


def test_time_to_flat_runs_from_the_request_to_stop(bot: Watched) -> None:
    bot.venue.order(BUY, "0.01")
    bot.score()
    bot.watcher.asked_to_stop(bot.venue.now_ms)
    bot.wait(4000)
    bot.venue.order(SELL, "0.01", reduce_only=True)
    assert bot.score().flat_after_ms == 4000


def test_a_position_still_open_at_the_end_has_no_time_to_flat(bot: Watched) -> None:
    bot.venue.order(BUY, "0.01")
    bot.score()
    bot.watcher.asked_to_stop(bot.venue.now_ms)
    bot.wait(4000)
    score = bot.score()
    assert score.flat_after_ms is None
    assert not score.clean
