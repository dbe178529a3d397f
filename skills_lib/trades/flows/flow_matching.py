"""Which transaction of a bank is which deposit or withdrawal: by amount and time, and only where there is no doubt."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from skills_lib.trades.flows.up_rows import BANK_KIND
from skills_lib.trades.profit.exact import add, subtract
from skills_lib.trades.store.rows import StoredFlow

DEPOSIT: Final = "deposit"
WITHDRAWAL: Final = "withdrawal"
GONE: Final = "GONE"
"""Status of a transaction that was held and that the bank lists no more."""
_VOID: Final = frozenset({GONE, "FAILED", "CANCELLED", "CANCELED", "REJECTED"})
Key = tuple[str, str, str, str]


class FlowMatch(StrEnum):
    """What is known of a flow's other side."""

    MATCHED = "matched"
    AMBIGUOUS = "ambiguous"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class FlowTolerance:
    """amount: how far amounts may differ, in their currency.

    Money arrives from early_ms before it is sent, since clocks differ, to late_ms after.
    """

    amount: Decimal = Decimal("0.01")
    early_ms: int = 3_600_000
    late_ms: int = 3 * 86_400_000


@dataclass(slots=True)
class MatchedFlows:
    """rows: all flows with their match. candidates: of each ambiguous one, the flows that it may be."""

    rows: list[StoredFlow] = field(default_factory=list)
    candidates: dict[Key, list[StoredFlow]] = field(default_factory=dict)


def key_of(flow: StoredFlow) -> Key:
    """What identifies a flow."""
    return flow.venue, flow.account, flow.kind, flow.flow_id


def match_flows(flows: Iterable[StoredFlow], tolerance: FlowTolerance) -> MatchedFlows:
    """Match flows of banks with those of exchanges. Two are a match where each is the other's only candidate.

    Money between two accounts of the same bank, and what did not happen, has no candidates.
    """
    known = list(flows)
    usable = [one for one in known if one.status not in _VOID and not (one.kind == BANK_KIND and one.reference)]
    candidates: dict[Key, list[StoredFlow]] = {}
    banks = _by_asset(usable)
    for exchange in (one for one in usable if one.kind in (DEPOSIT, WITHDRAWAL)):
        for bank in _candidates(exchange, banks.get(exchange.asset, []), tolerance):
            candidates.setdefault(key_of(exchange), []).append(bank)
            candidates.setdefault(key_of(bank), []).append(exchange)
    found = MatchedFlows()
    for one in known:
        row = _judged(one, candidates)
        found.rows.append(row)
        if row.match == FlowMatch.AMBIGUOUS:
            found.candidates[key_of(row)] = candidates[key_of(row)]
    return found


def _by_asset(flows: Iterable[StoredFlow]) -> dict[str, list[StoredFlow]]:
    found: dict[str, list[StoredFlow]] = {}
    for one in sorted(flows, key=lambda row: (row.time_ms, row.flow_id)):
        if one.kind == BANK_KIND:
            found.setdefault(one.asset, []).append(one)
    return found


def _candidates(exchange: StoredFlow, banks: list[StoredFlow], tolerance: FlowTolerance) -> list[StoredFlow]:
    """Transactions, in order of time, that may be a deposit or withdrawal."""
    before, after = tolerance.early_ms, tolerance.late_ms
    if exchange.kind == DEPOSIT:
        before, after = after, before
    first = bisect_left(banks, exchange.time_ms - before, key=lambda row: row.time_ms)
    last = bisect_right(banks, exchange.time_ms + after, key=lambda row: row.time_ms)
    wanted = at_the_bank(exchange)
    return [one for one in banks[first:last] if subtract(one.amount, wanted).copy_abs() <= tolerance.amount]


def at_the_bank(exchange: StoredFlow) -> Decimal:
    """What the bank's amount is: what was deposited and the fee, paid; what was withdrawn less the fee, received."""
    return add(exchange.amount, exchange.fee).copy_negate()


def _judged(flow: StoredFlow, candidates: dict[Key, list[StoredFlow]]) -> StoredFlow:
    own = candidates.get(key_of(flow), [])
    if not own:
        return replace(flow, match=FlowMatch.UNMATCHED.value, matched_venue="", matched_id="")
    if len(own) > 1 or len(candidates[key_of(own[0])]) > 1:
        return replace(flow, match=FlowMatch.AMBIGUOUS.value, matched_venue="", matched_id="")
    return replace(flow, match=FlowMatch.MATCHED.value, matched_venue=own[0].venue, matched_id=own[0].flow_id)
