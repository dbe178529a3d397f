"""The parts of a trade add up to its result, and the parts of a difference to the difference, to the last unit."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from live.engine.events import Started
from live.engine.limits import Executor, effective
from live.engine.settings import ImbalanceSettings
from live.enums import Side
from live.explain.explanation import explain
from live.explain.matching import BOOKS_APART
from live.explain.parts import net_of, parts_of
from live.explain.trades import ExplainedTrade, JournalTrades
from live.money import SCALE
from tests.live.engine.states import CAPITAL, CONTRACT

BP = SCALE
STARTED = Started(1, "r", CAPITAL, ImbalanceSettings(), effective(Executor.SCALP, CAPITAL, {}), (CONTRACT,))


def trade(**changes: Any) -> ExplainedTrade:
    """Bought 1 at 10,001 on a middle of 10,000; sold at 10,019 on one of 10,020; a fee of 8 and 1 of funding paid."""
    plain: dict[str, Any] = {
        "id": "r-1",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "update_id": 100,
        "quantity": SCALE,
        "entry_value": 10_001 * SCALE,
        "exit_value": 10_019 * SCALE,
        "entry_mid": 10_000 * SCALE,
        "exit_mid": 10_020 * SCALE,
        "fees": 8 * SCALE,
        "funding": -SCALE,
        "entered_by_maker": False,
        "left_by_maker": False,
        "reason": "target",
    }
    return ExplainedTrade(**(plain | changes))


def journal(*trades: ExplainedTrade, books: range = range(1, 1_000)) -> JournalTrades:
    return JournalTrades(STARTED, trades, 0, {"BTCUSDT": list(books)})


def test_a_result_is_taken_apart_as_by_hand() -> None:
    one = trade(entry_value=10_000 * SCALE, entry_mid=9_999 * SCALE, exit_value=10_018 * SCALE, exit_mid=10_019 * SCALE)
    parts = parts_of(one)
    assert net_of(one) == 9 * BP  # 18 of price, less 8 and 1
    assert (parts.signal, parts.latency, parts.queue) == (20 * BP, -2 * BP, 0)
    assert (parts.fee, parts.funding, parts.missed) == (-8 * BP, -BP, 0)


def test_a_short_trade_has_the_opposite_signs_of_prices_and_the_same_of_costs() -> None:
    one = trade(
        side=Side.SELL,
        entry_value=10_000 * SCALE,
        entry_mid=10_001 * SCALE,
        exit_value=9_982 * SCALE,
        exit_mid=9_981 * SCALE,
    )
    parts = parts_of(one)
    assert (parts.signal, parts.latency, parts.fee) == (20 * BP, -2 * BP, -8 * BP)


def test_what_rested_is_of_the_queue() -> None:
    one = trade(entry_value=9_999 * SCALE, entered_by_maker=True)
    assert parts_of(one).queue > 0 > parts_of(one).latency


AMOUNTS = st.integers(1, 10**14)


@st.composite
def trades(draw: st.DrawFn) -> ExplainedTrade:
    value = draw(st.integers(10**8, 10**14))
    return trade(
        side=draw(st.sampled_from(Side)),
        update_id=draw(st.integers(1, 999)),
        quantity=draw(st.integers(1, 10**10)),
        entry_value=value,
        exit_value=draw(st.integers(value // 2, 2 * value)),
        entry_mid=draw(st.just(0) | AMOUNTS),
        exit_mid=draw(st.just(0) | AMOUNTS),
        fees=draw(st.integers(-(10**8), 10**10)),
        funding=draw(st.integers(-(10**10), 10**10)),
        entered_by_maker=draw(st.booleans()),
        left_by_maker=draw(st.booleans()),
    )


@given(trades())
def test_parts_always_add_up_to_the_result(one: ExplainedTrade) -> None:
    assert parts_of(one).total == net_of(one)


@given(st.lists(trades(), max_size=6), st.lists(trades(), max_size=6))
def test_parts_always_add_up_to_the_difference_and_no_trade_is_lost(
    session: list[ExplainedTrade], replay: list[ExplainedTrade]
) -> None:
    found = explain(journal(*session), journal(*replay))
    assert found.parts.total == found.difference
    assert found.session_net == sum(map(net_of, session))
    assert found.replay_net == sum(map(net_of, replay))
    assert all(pair.parts.total == pair.difference for pair in found.pairs)
    assert sum(bool(pair.session) for pair in found.pairs) == len(session)
    assert sum(bool(pair.replay) for pair in found.pairs) == len(replay)


def test_a_trade_that_only_one_side_made_is_missed_with_its_whole_result() -> None:
    one = trade()
    (pair,) = explain(journal(), journal(one)).pairs
    assert (pair.session, pair.replay) == ("", "r-1")
    assert pair.parts.missed == pair.difference == -net_of(one)
    (other,) = explain(journal(one), journal()).pairs
    assert other.parts.missed == other.difference == net_of(one)


def test_the_nearest_decision_of_the_same_side_is_the_same_trade() -> None:
    session = trade(id="s", update_id=200)
    far, near = trade(id="far", update_id=230), trade(id="near", update_id=190)
    other_side = trade(id="other", update_id=200, side=Side.SELL)
    pairs = explain(journal(session), journal(far, near, other_side)).pairs
    assert {(pair.session, pair.replay) for pair in pairs} == {("s", "near"), ("", "far"), ("", "other")}


def test_decisions_too_many_books_apart_are_two_trades() -> None:
    session = trade(id="s", update_id=200)
    at_the_limit, further = trade(id="r", update_id=200 + BOOKS_APART), trade(id="r", update_id=201 + BOOKS_APART)
    assert len(explain(journal(session), journal(at_the_limit)).pairs) == 1
    assert len(explain(journal(session), journal(further)).pairs) == 2


def test_trades_on_books_that_the_session_did_not_see_are_counted_apart() -> None:
    found = explain(journal(books=range(500, 600)), journal(trade(update_id=100), trade(update_id=550)))
    assert found.outside == 1
    assert [pair.parts.missed for pair in found.pairs] == [-net_of(trade())]
