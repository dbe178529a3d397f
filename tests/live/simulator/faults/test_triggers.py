"""When faults begin and end: by count, time, condition and seeded chance, on the events of a real exchange."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.enums import OrderType
from live.simulator.core.events import Event
from live.simulator.faults import CATALOGUE, VARIANTS, Change, FaultPlan, Faults
from live.simulator.faults.conditions import INTERVALS, Condition
from live.simulator.faults.kinds.requests import VenueOutage
from tests.live.simulator.in_process import BUY, SELL, START_MS, ExchangeDriver

BOOK = ("9990x5 9980x5", "10010x5 10020x5")


def faults(*entries: dict[str, Any], seed: int = 0) -> Faults:
    found = Faults(FaultPlan.model_validate({"faults": entries}), seed)
    found.start(ExchangeDriver().exchange.state, START_MS)
    return found


class Watched:
    """An exchange whose events are shown to the faults of a plan."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.driver = ExchangeDriver().opened(*BOOK).depth(bids="9990x5")
        self.faults = Faults(FaultPlan.model_validate({"faults": entries}))
        self.faults.start(self.driver.exchange.state, self.driver.now_ms)
        self._seen = len(self.driver.events)

    def look(self) -> bool:
        """Show what happened; return whether the first fault holds now."""
        events: Sequence[Event] = self.driver.events[self._seen :]
        self._seen = len(self.driver.events)
        self.faults.on_events(events, self.driver.now_ms)
        return bool(self.faults.active(VenueOutage))

    def acts(self) -> int:
        self.look()
        return sum(happening.change is Change.ACTS for happening in self.faults.happenings())


def hit(found: Faults, frames: int, stream: str = "btcusdt@depth") -> list[int]:
    """Numbers of the frames that are affected, counted from 1."""
    return [number for number in range(1, frames + 1) if found.on_frame(stream)]


def test_by_count_the_nth_matching_frame_and_those_after_it_are_affected() -> None:
    found = faults({"kind": "drop", "stream": "*@depth*", "when": {"nth": 3}, "end": {"count": 2}})
    assert not found.on_frame("btcusdt@bookTicker")
    assert hit(found, 8) == [3, 4]


def test_a_fault_that_never_ends_affects_every_frame_from_its_beginning() -> None:
    assert hit(faults({"kind": "drop", "when": {"nth": 3}, "end": {"never": True}}), 6) == [3, 4, 5, 6]


def test_by_time_and_with_a_duration_only_frames_between_are_affected() -> None:
    found = faults({"kind": "drop", "when": {"at_ms": 1_000}, "end": {"duration_ms": 500}})
    affected = []
    for elapsed_ms in (0, 999, 1_000, 1_499, 1_500, 9_000):
        found.pass_time(START_MS + elapsed_ms)
        affected.append(bool(found.on_frame("user")))
    assert affected == [False, False, True, True, False, False]


def test_the_time_of_the_next_beginning_or_end_is_known_in_advance() -> None:
    found = faults({"kind": "outage", "when": {"at_ms": 1_000}, "end": {"duration_ms": 500}})
    assert found.due_ms == START_MS + 1_000
    found.pass_time(START_MS + 1_000)
    assert found.due_ms == START_MS + 1_500
    found.pass_time(START_MS + 1_500)
    assert found.due_ms is None
    assert [happening.change for happening in found.happenings()] == [Change.BEGINS, Change.ENDS]


def test_chance_repeats_with_the_seed_and_differs_between_seeds_and_faults() -> None:
    entry = {"kind": "drop", "when": {"probability": 0.2}, "end": {"never": True}}
    first = hit(faults(entry, seed=7), 500)
    assert first == hit(faults(entry, seed=7), 500)
    assert first != hit(faults(entry, seed=8), 500)
    assert 60 < len(first) < 140
    both = faults(entry, entry, seed=7)
    assert len(hit(both, 500)) > len(first) + 30


@settings(max_examples=30)
@given(st.floats(0.01, 1), st.integers(1, 20), st.integers(0, 2**32))
def test_chance_affects_no_more_than_its_count(share: float, count: int, seed: int) -> None:
    found = faults({"kind": "drop", "when": {"probability": share}, "end": {"count": count}}, seed=seed)
    assert len(hit(found, 200)) <= count


def test_user_frames_are_selected_by_event_status_and_execution() -> None:
    found = faults({"kind": "drop", "event": "ORDER_TRADE_UPDATE", "status": "FILLED", "end": {"never": True}})
    assert not found.on_frame("user", "ACCOUNT_UPDATE")
    assert not found.on_frame("user", "ORDER_TRADE_UPDATE", "NEW", "NEW")
    assert found.on_frame("user", "ORDER_TRADE_UPDATE", "FILLED", "TRADE")


def test_between_acknowledgement_and_fill_holds_for_the_nth_order_alone() -> None:
    condition = {"condition": "between_ack_and_fill", "nth": 2}
    watched = Watched({"kind": "outage", "when": condition, "end": {"condition_ends": True}})
    watched.driver.order(BUY, "1", "9900")
    assert not watched.look()
    second = watched.driver.order(BUY, "1", "9990")
    assert watched.look()
    watched.driver.order(BUY, "1", "9800")
    assert watched.look()
    watched.driver.trade("9980", "50", SELL)
    assert watched.driver.now(second).filled
    assert not watched.look()


def test_while_a_position_is_open_a_fault_holds_and_with_repeats_again() -> None:
    condition = {"condition": "position_open", "repeats": True}
    watched = Watched({"kind": "outage", "when": condition, "end": {"condition_ends": True}})
    held = []
    for side in (BUY, SELL, BUY, SELL):
        watched.driver.order(side, "0.5")
        held.append(watched.look())
    assert held == [True, False, True, False]


def test_without_repeats_the_second_position_is_left_alone() -> None:
    watched = Watched(
        {"kind": "outage", "when": {"condition": "position_open"}, "end": {"condition_ends": True}},
    )
    held = []
    for side in (BUY, SELL, BUY):
        watched.driver.order(side, "0.5")
        held.append(watched.look())
    assert held == [True, False, False]


def test_until_a_condition_means_until_it_becomes_true() -> None:
    watched = Watched({"kind": "outage", "when": {"at_ms": 0}, "end": {"until": "position_flat"}})
    watched.driver.order(BUY, "1", "9900")
    assert watched.look()  # flat from the start: it has not become so
    watched.driver.order(BUY, "0.5")
    assert watched.look()
    watched.driver.order(SELL, "0.5", reduce_only=True)
    assert not watched.look()


def test_a_position_without_its_stop_is_a_condition() -> None:
    condition = {"condition": "position_without_stop"}
    watched = Watched({"kind": "outage", "when": condition, "end": {"condition_ends": True}})
    watched.driver.order(BUY, "0.5")
    assert watched.look()
    watched.driver.stop(SELL, "0.5", OrderType.STOP_MARKET, "9000")
    assert not watched.look()


def test_an_act_occurs_after_the_nth_fill_and_later_ones_up_to_its_count() -> None:
    watched = Watched({"kind": "liquidate", "when": {"condition": "fill", "nth": 2}, "end": {"count": 2}})
    acts = []
    for _ in range(5):
        watched.driver.order(BUY, "0.1")
        acts.append(watched.acts())
    assert acts == [0, 1, 1, 0, 0]


def test_a_condition_of_another_account_or_symbol_does_not_count() -> None:
    other = {"kind": "liquidate", "when": {"condition": "fill", "account": "other"}}
    another = {"kind": "liquidate", "when": {"condition": "fill", "symbol": "ETHUSDT"}}
    watched = Watched(other, another)
    watched.driver.order(BUY, "0.1")
    assert watched.acts() == 0


def test_a_stop_that_triggers_is_a_moment() -> None:
    watched = Watched({"kind": "liquidate", "when": {"condition": "stop_triggers"}})
    watched.driver.trade("10000", "0.1", BUY)
    watched.driver.order(BUY, "0.5")
    watched.driver.stop(SELL, "0.5", OrderType.STOP_MARKET, "9985")
    assert watched.acts() == 0
    watched.driver.trade("9980", "0.1", SELL)
    assert watched.acts() == 1


def test_a_restored_position_counts_as_open_from_the_start() -> None:
    driver = ExchangeDriver().opened(*BOOK).depth(bids="9990x5")
    driver.order(BUY, "0.5")
    entry = {"kind": "outage", "when": {"condition": "position_open"}, "end": {"condition_ends": True}}
    found = Faults(FaultPlan.model_validate({"faults": [entry]}))
    found.start(driver.exchange.state, driver.now_ms)
    assert found.active(VenueOutage)


def test_orders_are_counted_by_faults_that_select_orders() -> None:
    watched = Watched({"kind": "late_visible", "orders": "regular", "when": {"nth": 2}})
    for price in ("9900", "9800", "9700"):
        watched.driver.order(BUY, "1", price)
    watched.look()
    [happening] = watched.faults.happenings()
    assert happening.moment is not None
    assert happening.moment.number == sorted(watched.driver.exchange.state.orders)[1]


def test_a_fault_of_stops_that_begins_by_condition_affects_waiting_ones() -> None:
    watched = Watched(
        {"kind": "algo_trouble", "form": "vanished", "when": {"condition": "fill"}, "end": {"count": 2}},
    )
    stops = [watched.driver.stop(SELL, "0.5", OrderType.STOP_MARKET, trigger) for trigger in ("9000", "8900", "8800")]
    watched.look()
    watched.driver.order(BUY, "0.5")
    watched.look()
    affected = [happening.moment.number for happening in watched.faults.happenings() if happening.moment]
    assert affected == [stop.algo_id for stop in stops[:2]]


@pytest.mark.parametrize("name", VARIANTS)
def test_every_example_can_be_written_and_read_again(name: str) -> None:
    plan = FaultPlan.model_validate({"faults": [VARIANTS[name].model_dump(mode="json")]})
    assert plan.faults[0] == VARIANTS[name]
    assert CATALOGUE[VARIANTS[name].kind].kind == VARIANTS[name].kind


@pytest.mark.parametrize("condition", sorted(INTERVALS))
def test_every_interval_can_begin_and_end_a_lasting_fault(condition: Condition) -> None:
    watched = Watched({"kind": "outage", "when": {"condition": condition}, "end": {"condition_ends": True}})
    watched.driver.trade("10000", "0.1", BUY)
    held = [watched.look()]
    steps: list[Any] = [
        lambda: watched.driver.order(BUY, "1", "9900"),
        lambda: watched.driver.order(BUY, "0.5"),
        lambda: watched.driver.stop(SELL, "0.5", OrderType.STOP_MARKET, "9800"),
        lambda: watched.driver.trade("9700", "50", SELL),
        lambda: watched.driver.order(SELL, "1"),
    ]
    for step in steps:
        step()
        held.append(watched.look())
    assert {True, False} == set(held)
