"""The UTC day's profit from the exchange's ledger: pages, rows that come twice, and what is no profit and no loss."""

import json
from typing import Any

import pytest

from live.account.ledger import DAY_MS, LAST_PAGE, DayLedger, day_ledger
from live.money import SCALE, parse
from live.simulator.core.audit import audit
from live.wire import HttpResponse
from skills_lib.domain.errors import CorruptDataError, TwokeyError
from tests.live.account.holding import MS, holding

DAY_NS = DAY_MS * MS
NOW_NS = 20_000 * DAY_NS + 12 * 3_600 * 1_000 * MS


def row(kind: str, income: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row of the income list."""
    fields = {"symbol": "BTCUSDT", "incomeType": kind, "income": income, "asset": "USDT", "info": "", "tradeId": ""}
    return fields | {"time": 20_000 * DAY_MS, "tranId": number, **changes}


def read(pages: list[list[dict[str, Any]]], page_rows: int = 3) -> DayLedger:
    """What pages give; after the last one they are empty."""
    conversation = day_ledger(NOW_NS, page_rows=page_rows)
    call = next(conversation)
    try:
        for page in [*pages, []]:
            (asked,) = call.calls  # type: ignore[union-attr]
            assert asked.parameters["startTime"] == str(20_000 * DAY_MS)
            call = conversation.send((HttpResponse(200, json.dumps(page).encode()),))
    except StopIteration as end:
        found: DayLedger = end.value
        return found
    raise AssertionError("it reads on")


def test_profit_fees_and_funding_count_and_transfers_do_not() -> None:
    rows = [
        row("REALIZED_PNL", "12.5", 1),
        row("COMMISSION", "-0.5", 2),
        row("FUNDING_FEE", "-1", 3),
        row("TRANSFER", "-1000", 4),
        row("INTERNAL_TRANSFER", "500", 5),
    ]
    assert read([rows[:3], rows[3:]]).profit == 11 * SCALE


def test_a_short_page_is_not_taken_for_the_last() -> None:
    first, second = [row("REALIZED_PNL", "1", number) for number in (1, 2)], [row("REALIZED_PNL", "-5", 3)]
    assert read([first, second]).profit == -3 * SCALE


def test_one_transaction_id_serves_rows_of_several_types() -> None:
    assert read([[row("REALIZED_PNL", "10", 7), row("COMMISSION", "-1", 7)]]).profit == 9 * SCALE


def test_a_row_that_comes_on_two_pages_counts_once() -> None:
    rows = [row("REALIZED_PNL", "1", number) for number in range(4)]
    assert read([rows[:3], rows[2:]]).profit == 4 * SCALE


def test_more_rows_than_a_page_may_have_the_same_time() -> None:
    rows = [row("COMMISSION", "-0.1", number) for number in range(9)]
    assert read([rows[:3], rows[3:6], rows[6:]]).profit == parse("-0.9")


def test_fees_in_another_asset_are_kept_in_it() -> None:
    found = read([[row("REALIZED_PNL", "2", 1), row("COMMISSION", "-0.001", 2, asset="BNB")]])
    assert (found.profit, found.others) == (2 * SCALE, {"BNB": parse("-0.001")})


@pytest.mark.parametrize(("income", "profit"), [("-3", -3 * SCALE), ("3", 0)])
def test_of_a_type_that_nobody_knows_a_loss_counts_and_a_gain_does_not(income: str, profit: int) -> None:
    assert read([[row("NEW_TYPE", income)]]).profit == profit


def test_a_transaction_id_that_does_not_fit_a_double_is_kept_apart_from_its_neighbour() -> None:
    rows = [row("REALIZED_PNL", "1", 8_080_000_000_000_000_001), row("REALIZED_PNL", "1", 8_080_000_000_000_000_002)]
    assert read([rows]).profit == 2 * SCALE


def test_pages_that_repeat_themselves_are_not_summed() -> None:
    page = [row("REALIZED_PNL", "1", number) for number in range(3)]
    with pytest.raises(CorruptDataError, match="one that was read before"):
        read([page, page])


def test_a_ledger_of_too_many_pages_is_refused() -> None:
    pages = [[row("REALIZED_PNL", "1", 10 * page + place) for place in range(3)] for page in range(LAST_PAGE + 1)]
    with pytest.raises(CorruptDataError, match=f"more than {LAST_PAGE} pages"):
        read(pages)


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'[{"incomeType":"COMMISSION"}]', b"\xff"])
def test_a_page_that_cannot_be_read_is_an_error(body: bytes) -> None:
    conversation = day_ledger(NOW_NS)
    next(conversation)
    with pytest.raises(CorruptDataError):
        conversation.send((HttpResponse(200, body),))


def test_an_exchange_that_does_not_answer_is_an_error() -> None:
    opened = holding({"kind": "answer", "path": "*income", "reply": "unknown_503"})
    with pytest.raises(TwokeyError, match="status 503"):
        opened.have(day_ledger(opened.now()))


def test_the_exchange_and_the_ledger_agree_to_the_last_unit() -> None:
    withdrawn = {"kind": "foreign_action", "action": "transfer", "amount": "-100", "when": {"at_ms": 700}}
    opened = holding(withdrawn).buy()
    opened.by_hand.run(500)
    opened.by_hand.market("SELL", "0.010")
    (account,) = opened.venue.state.accounts.values()
    found = opened.have(day_ledger(opened.now(), page_rows=2))
    assert account.wallet == parse("100000") - parse("100") + found.profit
    assert found.profit < 0
    assert audit(opened.venue.state) == []


def test_yesterday_is_not_part_of_today() -> None:
    opened = holding().buy()
    tomorrow_ns = opened.now() + DAY_NS
    assert opened.have(day_ledger(tomorrow_ns)).profit == 0
