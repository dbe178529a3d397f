"""A journal as people read it: decimal text, one object a record, and the reasons of a decision."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from live.engine.actions import PlaceOrder
from live.engine.events import Event
from live.engine.limits import Limits
from live.engine.settings import BarSettings, ImbalanceSettings
from live.journal.display.amounts import AMOUNTS, with_decimals
from live.journal.display.records import KINDS, shown_records
from live.journal.display.why import reasons_for
from live.journal.encoding import JournalledOrder, action_of, body_of, whole
from skills_lib.domain.errors import InputError
from skills_lib.trades.journal.format import chained, content_of, line_of
from skills_lib.trades.journal.reading import JournalDamagedError, read_journal
from skills_lib.trades.journal.verification import verify_journal
from tests.live.journal.examples import START_NS, approved, book, entry, write_example
from tests.trades.journal.journals import lines_of

AT = START_NS + 300_000_000


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    write_example(tmp_path / "a.jsonl")
    return tmp_path / "a.jsonl"


def shown(path: Path, since_ns: int = 0, kind: str | None = None, books: bool = False) -> list[dict[str, Any]]:
    return list(shown_records(path, since_ns, kind, books=books))


def test_each_record_is_one_object_with_sequence_time_and_kind(journal: Path) -> None:
    records = shown(journal)
    assert [record["sequence"] for record in records] == list(range(len(records)))
    assert [record["kind"] for record in records] == [
        *("journal", "started", "market", "order_intent", "refusal", "answered", "order_report"),
        *("market", "order_intent", "tick"),
    ]
    assert all(isinstance(record["time_ns"], int) for record in records)


def test_records_of_an_order_say_its_side_quantity_and_price_as_decimal_text(journal: Path) -> None:
    order = {"client_order_id": "r1-1", "side": "BUY", "quantity": "0.1", "price": "60010.5"}
    about = [record for record in shown(journal) if record.get("client_order_id") == "r1-1"]
    assert [record["kind"] for record in about] == ["order_intent", "answered", "order_report"]
    assert [{name: record[name] for name in order} for record in about] == [order] * 3
    (stop,) = [record for record in shown(journal) if record.get("client_order_id") == "r1-1S"]
    assert (stop["side"], stop["quantity"], stop["price"]) == ("SELL", None, None)
    assert stop["body"]["approved"]["intent"]["trigger_price"] == "59900"


def test_only_records_from_a_time_on_or_of_a_kind_are_shown(journal: Path) -> None:
    assert [record["kind"] for record in shown(journal, since_ns=AT + 2)] == [
        *("order_report", "market", "order_intent", "tick"),
    ]
    assert [record["sequence"] for record in shown(journal, kind="order_intent")] == [3, 8]
    assert shown(journal, since_ns=2**63) == []


def test_an_unknown_kind_is_refused_with_the_kinds_that_there_are(journal: Path) -> None:
    with pytest.raises(InputError, match="Did you mean 'order_intent'"):
        shown(journal, kind="order_inten")


def test_blocks_say_what_they_hold_and_are_expanded_where_that_is_wanted(journal: Path) -> None:
    blocks = shown(journal, kind="market")
    assert [block["body"]["updates"] for block in blocks] == [{"book": 8, "mark": 0}, {"book": 4, "mark": 2}]
    assert blocks[0]["body"]["symbols"] == ["BTCUSDT", "ETHUSDT"]
    books = shown(journal, books=True)
    assert len(books) == len(shown(journal)) - 2 + 14
    (third,) = [found for found in books if found["body"].get("update_id") == 9_000_003 and found["body"]["asks"][2:]]
    assert third["kind"] == "book"
    assert third["time_ns"] == book(3).time_ns
    assert third["body"]["bids"][0] == ["60003", "0.00000004"]
    assert len(shown(journal, kind="mark")) == 2


def test_an_order_is_explained_by_the_book_state_limits_and_reason_of_its_step(journal: Path) -> None:
    found = reasons_for(journal, "r1-1")
    assert (found.decision, found.reason, found.refusal) == ("approved", "ratio 4.2 is above 3", None)
    assert found.order["price"] == "60010.5"
    assert found.book is not None
    assert found.book["update_id"] == 9_000_003
    assert found.book["bids"][0] == ["60003", "0.00000004"]
    assert found.book["ratio"] == "0.6"
    assert (found.effective_limits["daily_loss"], found.settings["buy_ratio"]) == ("500", "3")
    assert found.state == {"ratio": "4.2"}
    assert found.limits == [
        {"limit": "position", "used": "6001.05", "allowed": "10000"},
        {"limit": "open_positions", "used": "1", "allowed": "5"},
    ]
    assert [record["kind"] for record in found.records] == ["order_intent", "answered", "order_report"]


def test_an_order_is_found_by_the_id_that_the_exchange_gave_it(journal: Path) -> None:
    assert reasons_for(journal, "77") == reasons_for(journal, "r1-1")


def test_an_order_that_carries_no_book_is_explained_by_the_last_one_of_its_symbol(journal: Path) -> None:
    found = reasons_for(journal, "r1-1S")
    assert found.book is not None
    assert found.book["update_id"] == 9_000_005
    assert len(found.book["bids"]) == 5


def test_a_refused_order_is_explained_by_the_limit_that_refused_it(journal: Path) -> None:
    found = reasons_for(journal, "r1-2")
    assert found.decision == "refused"
    assert found.refusal == {"reason": "daily_loss", "text": "lost 501 of 500 USD"}


def test_the_ratio_of_a_book_is_that_of_the_levels_that_the_strategy_uses(tmp_path: Path) -> None:
    settings = ImbalanceSettings(depth=2)
    write_example(tmp_path / "a.jsonl", settings)
    found = reasons_for(tmp_path / "a.jsonl", "r1-1")
    assert found.book is not None
    assert found.book["ratio"] == "0.45"


def test_an_order_without_a_start_of_its_run_is_damage(journal: Path) -> None:
    records = [(record.time_ns, record.kind, record.body) for record in read_journal(journal)]
    journal.write_bytes(b"".join(lines_of([records[3]], records[0])))
    with pytest.raises(JournalDamagedError, match="line 2 is of no run"):
        reasons_for(journal, "r1-1")


def test_an_order_is_explained_from_a_journal_whose_last_line_is_being_written(journal: Path) -> None:
    whole = reasons_for(journal, "r1-1")
    journal.write_bytes(journal.read_bytes() + b'{"sequence":10,"time')
    assert reasons_for(journal, "r1-1") == whole
    with pytest.raises(JournalDamagedError, match="line 11, the last one, is cut off"):
        shown(journal)


@pytest.mark.parametrize("order_id", ["r1-3", "7", "9000003", "", "market"])
def test_an_order_that_is_not_there_is_bad_input(journal: Path, order_id: str) -> None:
    with pytest.raises(InputError, match="has no order"):
        reasons_for(journal, order_id)


def test_records_before_a_damaged_line_are_shown_and_then_the_damage_is_said(journal: Path) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:3], lines[4]]))
    found = shown_records(journal)
    assert [next(found)["sequence"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(JournalDamagedError, match="line 4"):
        next(found)


def test_every_amount_of_events_settings_and_limits_is_shown_as_decimal_text() -> None:
    """What is an integer and is not named below is in units of 1e-8."""
    counted = {"hold_ms", "open_positions", "orders_per_second", "trades_per_day", "orders_per_fill", "depth"}
    counted |= {"persistence", "pause_after_stops", "trade_id", "order_id", "algo_id", "update_id", "code", "leverage"}
    counted |= {"price_decimals", "quantity_decimals", "history_bars"}
    integers = {
        name
        for kind in (*Event.__args__, Limits, ImbalanceSettings, BarSettings)
        for name, annotation in kind.__annotations__.items()
        if annotation is int and not name.endswith(("_ns", "_ms"))
    }
    assert integers - counted - AMOUNTS == set()
    assert with_decimals({"by_asset": [["USDT", -50_000_000]]}) == {"by_asset": [["USDT", "-0.5"]]}
    assert with_decimals({"price": 150_000_000, "trade_id": 7, "event_ns": 5}) == {
        "price": "1.5",
        "trade_id": 7,
        "event_ns": 5,
    }


def test_the_kinds_that_can_be_chosen_are_those_of_events_and_actions() -> None:
    assert {"journal", "market", "book", "started", "order_intent", "refusal", "wake", "tick"} <= set(KINDS)


FORGED = {
    "a number of 6,000 digits": ("tick", b'{"x":' + b"9" * 6000 + b"}"),
    "a price of 5,000 digits": ("mark", b'{"symbol":"X","event_ns":1,"price":' + b"9" * 5000 + b"}"),
    "bytes that are no text": ("tick", b'{"x":"\xff"}'),
    "an order that is a number": ("order_intent", b'{"approved":5}'),
    "an order without a symbol": ("order_intent", b'{"approved":{"intent":{"client_id":"z"}}}'),
    "an order whose id is a list": ("order_intent", b'{"approved":{"intent":{"client_id":["z"],"side":5}}}'),
    "levels that are texts": ("book", b'{"symbol":"X","bids":["a","b"],"asks":[]}'),
    "settings that are a number": ("started", b'{"settings":5}'),
    "a start without settings": ("started", b'{"run":"r","capital":1,"settings":null,"limits":{},"contracts":[]}'),
    "a limit that is a list": ("alert", b'{"code":"","symbol":"","text":"","use":{"limit":[],"used":"x"}}'),
    "a block without rows": ("market", b'{"rows":0,"shapes":[],"data":""}'),
    "a kind of a later version": ("unheard", b"{}"),
}


@pytest.mark.parametrize("books", [False, True])
@pytest.mark.parametrize("name", FORGED)
def test_a_record_whose_hash_holds_and_whose_body_does_not_is_damage(journal: Path, name: str, books: bool) -> None:
    kind, body = FORGED[name]
    *_, last = read_journal(journal)
    content = content_of(last.sequence + 1, 1, kind, body)
    journal.write_bytes(journal.read_bytes() + line_of(content, chained(last.hash, content)))
    for read in (lambda: shown(journal, books=books), lambda: reasons_for(journal, "z")):
        with pytest.raises(JournalDamagedError, match=r"^a\.jsonl: line 11 is (no|of kind|a block)") as found:
            read()
        assert "\n" not in str(found.value)
    if kind != "market":
        assert verify_journal(journal).records == 11


def test_a_journal_holds_all_of_an_order_but_the_right_to_send_it() -> None:
    assert JournalledOrder.__struct_fields__ == PlaceOrder.__struct_fields__
    order = PlaceOrder(AT, approved(entry(), AT), 5, (1, 2), (3, 4), {"a": "b"}, True)
    body = msgspec.json.decode(body_of(order, whole(order)))
    found = action_of("order_intent", AT, body)
    assert isinstance(found, JournalledOrder)
    assert (found.approved.intent, found.approved.uses) == (order.approved.intent, order.approved.uses)
    assert (found.approved.approved_ns, found.state, found.again) == (AT, {"a": "b"}, True)
