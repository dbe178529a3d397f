"""A transaction is a deposit or withdrawal only where neither may be another one."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from skills_lib.trades.flows.flow_matching import FlowTolerance, key_of, match_flows
from skills_lib.trades.store.rows import StoredFlow

HOUR = 3_600_000
TOLERANCE = FlowTolerance()


def bank(number: int, amount: str, hours: float, **changes: Any) -> StoredFlow:
    given: dict[str, Any] = {"venue": "up", "account": "spending", "kind": "bank", "flow_id": f"b{number}"}
    rest = {"asset": "AUD", "amount": Decimal(amount), "status": "SETTLED", "time_ms": round(hours * HOUR)}
    return StoredFlow(**(given | rest | changes))


def exchange(number: int, amount: str, hours: float, **changes: Any) -> StoredFlow:
    kind = "deposit" if Decimal(amount) > 0 else "withdrawal"
    return bank(number, amount, hours, **{"venue": "binance", "kind": kind, "flow_id": f"e{number}"} | changes)


def matches(*flows: StoredFlow) -> dict[str, str]:
    return {row.flow_id: row.matched_id or row.match for row in match_flows(flows, TOLERANCE).rows}


def test_a_payment_and_its_deposit_are_joined_and_so_is_a_withdrawal() -> None:
    found = matches(bank(1, "-500", 100), exchange(1, "500", 120), exchange(2, "-80.5", 200), bank(2, "80.50", 230))
    assert found == {"b1": "e1", "e1": "b1", "b2": "e2", "e2": "b2"}


def test_a_fee_is_of_the_deposit_before_and_of_the_withdrawal_after() -> None:
    paid = exchange(1, "497.5", 120, fee=Decimal("2.5"))
    received = exchange(2, "-100", 120, fee=Decimal(3))
    assert matches(bank(1, "-500", 100), paid, bank(2, "97", 121), received)["e1"] == "b1"
    assert matches(bank(1, "-500", 100), paid, bank(2, "97", 121), received)["e2"] == "b2"


def test_the_edges_of_the_tolerance() -> None:
    for change, matched in (("0", True), ("0.01", True), ("-0.01", True), ("0.011", False)):
        row = exchange(1, str(Decimal(500) + Decimal(change)), 120)
        assert (matches(bank(1, "-500", 100), row)["e1"] == "b1") is matched
    for hours, matched in ((99, True), (98.9, False), (172, True), (172.1, False)):
        assert (matches(bank(1, "-500", 100), exchange(1, "500", hours))["e1"] == "b1") is matched
    for hours, matched in ((101, True), (101.1, False), (28, True), (27.9, False)):
        assert (matches(bank(1, "500", 100), exchange(1, "-500", hours))["e1"] == "b1") is matched


def test_where_two_may_be_the_same_none_is_chosen_and_both_are_listed() -> None:
    flows = (bank(1, "-500", 100), bank(2, "-500", 101), exchange(1, "500", 120))
    found = match_flows(flows, TOLERANCE)
    assert {row.match for row in found.rows} == {"ambiguous"}
    assert [one.flow_id for one in found.candidates[key_of(flows[2])]] == ["b1", "b2"]
    assert set(matches(bank(1, "-500", 100), exchange(1, "500", 120), exchange(2, "500", 121)).values()) == {
        "ambiguous"
    }


def test_a_chain_is_ambiguous_also_where_one_end_has_one_candidate() -> None:
    found = matches(bank(1, "-500", 0), exchange(1, "500", 70), bank(2, "-500", 60), exchange(2, "500", 130))
    assert found == dict.fromkeys(("b1", "e1", "b2", "e2"), "ambiguous")


def test_other_currencies_directions_transfers_and_what_did_not_happen_are_no_match() -> None:
    deposit = exchange(1, "500", 120)
    for other in (
        bank(1, "-500", 100, asset="USD"),
        bank(1, "500", 100),
        bank(1, "-500", 100, reference="saver"),
        bank(1, "-500", 100, status="GONE"),
    ):
        assert set(matches(other, deposit).values()) == {"unmatched"}
    assert set(matches(bank(1, "-500", 100), replace(deposit, status="FAILED")).values()) == {"unmatched"}


def test_a_match_that_becomes_doubtful_is_one_no_longer() -> None:
    first = match_flows([bank(1, "-500", 100), exchange(1, "500", 120)], TOLERANCE).rows
    again = match_flows([*first, bank(2, "-500", 110)], TOLERANCE).rows
    assert {row.match for row in again} == {"ambiguous"}
    assert {row.matched_id for row in again} == {""}


FLOWS = some.lists(
    some.tuples(some.booleans(), some.sampled_from(["5", "5.01", "5.02", "-5", "7"]), some.integers(0, 200)),
    max_size=12,
)


@given(FLOWS)
def test_matches_are_mutual_within_the_tolerance_and_without_another_candidate(given_flows: list[Any]) -> None:
    flows = [
        (bank if at_bank else exchange)(number, amount, hours)
        for number, (at_bank, amount, hours) in enumerate(given_flows)
    ]
    rows = {row.flow_id: row for row in match_flows(flows, TOLERANCE).rows}
    for row in rows.values():
        near = [one.flow_id for one in rows.values() if _near(row, one)]
        assert (row.match == "unmatched") is (near == [])
        unique = len(near) == 1 and sum(_near(rows[near[0]], one) for one in rows.values()) == 1
        assert (row.match == "matched") is unique
        assert row.matched_id == (near[0] if unique else "")


def _near(one: StoredFlow, other: StoredFlow) -> bool:
    """By the rule as it is written, pair by pair."""
    if (one.kind == "bank") == (other.kind == "bank"):
        return False
    at_bank, traded = (one, other) if one.kind == "bank" else (other, one)
    sent, arrived = (at_bank, traded) if traded.kind == "deposit" else (traded, at_bank)
    late = arrived.time_ms - sent.time_ms
    return abs(at_bank.amount + traded.amount) <= Decimal("0.01") and -HOUR <= late <= 72 * HOUR
