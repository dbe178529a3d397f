"""Free margin, from figures of which no two are alike."""

import msgspec
import pytest

from live.engine.risk.margins import free, required
from live.engine.state import EngineState
from live.money import parse
from tests.live.engine.states import CONTRACT, NOW_NS, SYMBOL, entry, hold, other, quiet_state, working

ETH = msgspec.structs.replace(other("ETHUSDT"), leverage=7)


def busy() -> EngineState:
    """A capital of 3,000 that has earned 103.00000037; a loss, a profit and an entry are open.

    A long of 0.0137 from 61,000, now at 60,123.4: it has lost 12.00942 and binds 83.19274858 (notional 823.69058).
    A short of 0.02 from 60,500, now at 60,000: it has gained 10 and binds 172.62857143 (notional 1,200, leverage 7).
    Of an entry of 0.011 at 60,000, 0.003 has filled; the rest binds 48.5797072 (notional 480.9872 at the mark price).
    """
    state = quiet_state(3_000, (CONTRACT, ETH))
    state.markets[SYMBOL].mark = parse("60123.4")
    hold(state, "0.0137", price=parse("61000"))
    hold(state, "-0.02", price=parse("60500"), symbol="ETHUSDT")
    working(state, quantity=parse("0.011")).filled = parse("0.003")
    account = state.account
    account.realised, account.fees, account.funding = parse("150.00000101"), parse("40.00000013"), parse("-6.99999951")
    return state


OWN = parse("3103.00000137")
BOUND = parse("12.00942") + parse("83.19274858") + parse("172.62857143") + parse("48.5797072")


@pytest.mark.parametrize(
    ("price", "mark", "expected"),
    [("60123.4", "60000", "83.19274858"), ("60000", "60123.4", "83.19274858"), ("60000", "60000", "83.022")],
)
def test_an_entry_needs_the_margin_of_the_higher_of_its_price_and_the_mark_price(
    price: str, mark: str, expected: str
) -> None:
    state = quiet_state()
    state.markets[SYMBOL].mark = parse(mark)
    assert required(state, entry(quantity=parse("0.0137"), price=parse(price))) == parse(expected)


def test_free_is_what_was_put_in_and_earned_less_open_losses_and_what_is_bound() -> None:
    assert free(busy()) == OWN - BOUND


def test_an_open_profit_frees_nothing() -> None:
    state = busy()
    before = free(state)
    state.positions["ETHUSDT"].cost -= parse("100")
    assert free(state) == before


def test_the_wallet_counts_where_it_is_less_and_was_reported() -> None:
    state = busy()
    state.account.wallet = OWN - 1
    assert free(state) == OWN - BOUND, "not reported yet"
    state.account.reported_ns = 1
    assert free(state) == OWN - BOUND - 1
    state.account.wallet = OWN + 1
    assert free(state) == OWN - BOUND


def test_what_the_exchange_says_is_available_counts_where_it_is_less() -> None:
    state = busy()
    state.account.wallet, state.account.reported_ns = OWN, NOW_NS + 1
    state.account.available = OWN - BOUND + 1
    assert free(state) == OWN - BOUND
    for available in (OWN - BOUND - 1, 1, 0):
        state.account.available = available
        assert free(state) == available


def test_entries_sent_since_the_exchange_said_so_are_taken_off_what_is_available() -> None:
    state = busy()
    working(state, client_id="r-8", symbol="ETHUSDT", quantity=parse("0.007")).sent_ns = NOW_NS + 1
    state.account.wallet, state.account.available = OWN, parse("1000")
    # 0.007 at 60,000 is 420: 60 at a leverage of 7 and twice 0.21; the other entry binds 48.5797072
    for reported_ns, expected in ((NOW_NS, "891.0002928"), (NOW_NS + 1, "939.58"), (NOW_NS + 2, "1000")):
        state.account.reported_ns = reported_ns
        assert free(state) == parse(expected)
