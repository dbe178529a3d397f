"""Fees in another asset: exact in their own, and never less than their worth for the limits of loss."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.engine import actions as a
from live.engine import events as e
from live.engine.intents import Purpose
from live.engine.risk.profit import profit
from live.engine.summary import summary
from live.enums import OrderStatus
from live.money import SCALE, commission, parse
from tests.live.engine.driven import PRICE, SYMBOL, DrivenEngine, S
from tests.live.engine.states import CONTRACT

QUANTITY = "0.166"
TAKER_FEE = commission(PRICE, parse(QUANTITY), CONTRACT.taker_rate)
REJECTED, UNKNOWN = e.RequestOutcome.REJECTED, e.RequestOutcome.UNKNOWN


def fill(engine: DrivenEngine, fee: str, asset: str = "BNB") -> e.Fill:
    """The whole entry as one trade with this fee."""
    engine.trade_id += 1
    return e.Fill(engine.trade_id, PRICE, parse(QUANTITY), parse(fee), asset, maker=False, realised=0)


def enter(engine: DrivenEngine, fee: str, asset: str = "BNB") -> list[a.Action]:
    return engine.report(engine.enter(), OrderStatus.FILLED, QUANTITY, trade=QUANTITY, fill=fill(engine, fee, asset))


def price(engine: DrivenEngine, text: str, event_ns: int = 0) -> list[a.Action]:
    return engine.take(e.PriceReport(engine.now_ns, "BNBUSDT", parse(text), event_ns or engine.now_ns))


def next_fill(engine: DrivenEngine, fee: str) -> int:
    """Value of another trade of the account with this fee."""
    before = engine.state.account.valued_fees
    row = e.AccountTrade(77, engine.placed()[0].side, fill(engine, fee), engine.now_ns)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (row,)))
    return engine.state.account.valued_fees - before


def asked(actions: list[a.Action]) -> list[str]:
    return [x.symbol for x in actions if isinstance(x, a.Ask) and x.request is e.Request.PRICE]


def test_without_a_price_a_fee_in_bnb_is_counted_as_the_full_taker_fee_and_asked_about() -> None:
    engine = DrivenEngine()
    done = enter(engine, "0.00747")
    account = engine.state.account
    assert (account.fees, account.other_fees) == (0, {"BNB": parse("0.00747")})
    assert account.valued_fees == TAKER_FEE
    assert profit(engine.state) == -TAKER_FEE
    assert asked(done) == ["BNBUSDT"]
    next_fill(engine, "0.001")
    assert [alert.code for alert in engine.kinds(a.Alert)].count("fee_asset") == 1


def test_with_a_price_it_is_counted_at_that_price_rounded_up() -> None:
    engine = DrivenEngine()
    enter(engine, "0.00747")
    price(engine, "600")
    assert next_fill(engine, "0.00747") == parse("4.482")
    assert next_fill(engine, "0.00000001") == 600
    price(engine, "0.5", engine.now_ns + 1)
    assert engine.state.account.other_fees == {"BNB": parse("0.01494001")}


@pytest.mark.parametrize("text", ["0", "-600"])
def test_a_price_that_is_none_is_not_taken(text: str) -> None:
    engine = DrivenEngine()
    enter(engine, "0.00747")
    price(engine, text)
    assert next_fill(engine, "0.00747") == TAKER_FEE


def test_an_older_price_replaces_none_and_one_from_the_future_does_not_stay_fresh() -> None:
    engine = DrivenEngine()
    enter(engine, "0.00747")
    price(engine, "600", event_ns=engine.now_ns + 10**18)
    price(engine, "1", event_ns=engine.now_ns - 1)
    assert next_fill(engine, "0.00747") == parse("4.482")
    engine.wait(600 * S)
    assert next_fill(engine, "0.00747") == TAKER_FEE


def test_the_price_is_asked_for_again_only_with_a_later_fee() -> None:
    engine = DrivenEngine()
    enter(engine, "0.00747")
    price(engine, "600")
    assert asked(engine.wait(50 * S)) == []
    before = len(asked(engine.actions))
    next_fill(engine, "0.001")
    assert len(asked(engine.actions)) == before
    assert asked(engine.wait(20 * S)) == []
    next_fill(engine, "0.001")
    assert asked(engine.actions)[before:] == ["BNBUSDT"]


def test_a_query_that_fails_is_repeated_and_one_that_is_refused_is_not() -> None:
    engine = DrivenEngine()
    enter(engine, "0.00747")
    engine.take(e.Answered(engine.now_ns, e.Request.PRICE, "BNBUSDT", "", UNKNOWN))
    assert asked(engine.wait(S)) == ["BNBUSDT"]
    engine.take(e.Answered(engine.now_ns, e.Request.PRICE, "BNBUSDT", "", REJECTED, -1121))
    assert asked(engine.wait(600 * S)) == []
    assert next_fill(engine, "0.00747") == TAKER_FEE
    assert asked(engine.wait(600 * S)) == []


def test_a_ban_in_the_answer_about_a_price_holds_everything_back() -> None:
    engine = DrivenEngine()
    enter(engine, "0.00747")
    outcome = e.RequestOutcome.NOT_ACCEPTED
    engine.take(e.Answered(engine.now_ns, e.Request.PRICE, "BNBUSDT", "", outcome, -1003, 30 * S))
    assert engine.state.quiet_until_ns == engine.now_ns + 30 * S


@pytest.mark.parametrize("event", ["price", "answer"])
def test_a_price_that_nobody_asked_for_changes_nothing(event: str) -> None:
    engine = DrivenEngine()
    if event == "price":
        price(engine, "600")
    else:
        engine.take(e.Answered(engine.now_ns, e.Request.PRICE, "BNBUSDT", "", REJECTED))
    assert (engine.state.fee_prices, engine.state.latch) == ({}, None)


@pytest.mark.parametrize("request_", [e.Request.PLACE, e.Request.PLACE_STOP, e.Request.POSITION])
def test_an_answer_about_a_symbol_of_no_run_changes_nothing(request_: e.Request) -> None:
    engine = DrivenEngine()
    assert not engine.take(e.Answered(engine.now_ns, request_, "BNBUSDT", "r-1", REJECTED))
    assert engine.state.latch is None


def test_fees_in_bnb_reach_the_limit_of_a_day_and_close_everything() -> None:
    engine = DrivenEngine(limits={"daily_loss": 20 * SCALE})
    enter(engine, "0.00747")
    price(engine, "600")
    engine.now_ns += 1
    next_fill(engine, "0.026")
    assert engine.state.latch
    assert engine.state.latch.reason == "daily_loss"
    assert engine.placed(purpose=Purpose.EXIT)


def test_a_balance_in_bnb_is_no_margin() -> None:
    engine = DrivenEngine()
    before = engine.state.account.wallet
    engine.take(e.BalanceReport(engine.now_ns, "BNB", parse("0.5"), -1, engine.now_ns + 1, e.Witness.STREAM))
    assert engine.state.account.wallet == before
    assert engine.placed(engine.book(), Purpose.ENTRY)


def test_a_rebate_in_another_asset_is_worth_nothing() -> None:
    engine = DrivenEngine()
    enter(engine, "-0.001")
    assert (engine.state.account.valued_fees, engine.state.account.other_fees) == (0, {"BNB": parse("-0.001")})


def test_the_state_in_words_has_fees_of_each_asset() -> None:
    engine = DrivenEngine()
    assert summary(engine.state, SYMBOL)["other_fees"] == "none"
    enter(engine, "0.00747")
    assert summary(engine.state, SYMBOL)["other_fees"] == "0.00747 BNB, counted as 4.98"


@given(
    rate=st.integers(1, SCALE // 1_000), discount=st.integers(1, 100), lots=st.integers(1, 10_000), maker=st.booleans()
)
def test_without_a_price_a_discounted_fee_is_never_counted_below_its_worth(
    rate: int, discount: int, lots: int, maker: bool
) -> None:
    engine = DrivenEngine()
    contract = msgspec.structs.replace(CONTRACT, taker_rate=rate, maker_rate=rate // 2)
    engine.take(e.ContractChanged(engine.now_ns, contract))
    worth = commission(PRICE, lots * CONTRACT.step, (rate // 2 if maker else rate) * discount // 100)
    fields: dict[str, Any] = {"fee": 1, "fee_asset": "BNB", "maker": maker, "realised": 0}
    trade = e.AccountTrade(77, engine.enter().side, e.Fill(1, PRICE, lots * CONTRACT.step, **fields), engine.now_ns)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (trade,)))
    assert engine.state.account.valued_fees >= worth


def test_a_fill_without_a_word_about_its_fee_counts_the_taker_fee_until_the_trade_list_says_what_it_was() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    silent = fill(engine, "0", asset="")
    done = engine.report(intent, OrderStatus.FILLED, QUANTITY, trade=QUANTITY, fill=silent)
    assert profit(engine.state) == -TAKER_FEE
    assert e.Request.TRADES in {ask.request for ask in engine.kinds(a.Ask, done)}
    known = msgspec.structs.replace(silent, fee=parse("1.5"), fee_asset="USDT")
    row = e.AccountTrade(1_001, intent.side, known, engine.now_ns)
    for _ in range(2):
        engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (row,)))
        assert (engine.state.account.fees, profit(engine.state)) == (parse("1.5"), -parse("1.5"))


def test_the_trade_list_is_asked_for_until_it_says_the_fee_and_then_no_more() -> None:
    engine = DrivenEngine()
    intent = engine.enter()
    silent = fill(engine, "0", asset="")
    engine.report(intent, OrderStatus.FILLED, QUANTITY, trade=QUANTITY, fill=silent)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, ()))

    def asks(actions: list[a.Action]) -> int:
        return sum(ask.request is e.Request.TRADES for ask in engine.kinds(a.Ask, actions))

    assert asks(engine.wait(S)) == 1
    row = e.AccountTrade(1_001, intent.side, msgspec.structs.replace(silent, fee_asset="USDT"), engine.now_ns)
    engine.take(e.TradesReport(engine.now_ns, SYMBOL, engine.now_ns, 0, (row,)))
    assert profit(engine.state) == 0
    engine.answer(e.Request.PLACE_STOP, f"{intent.client_id}S", e.RequestOutcome.ACCEPTED)
    engine.now_ns += 1
    engine.position_report(QUANTITY)
    assert asks(engine.wait(50 * S)) == 0
