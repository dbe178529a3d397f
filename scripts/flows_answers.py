"""What `twokey flows` answers, made of what the library found."""

from collections import Counter
from typing import Any

from scripts.trades_answers import utc
from skills_lib.answers.flows import FlowsAnswer
from skills_lib.trades.flows.flow_matching import FlowMatch, FlowTolerance, key_of
from skills_lib.trades.flows.flow_sync import FlowsFound
from skills_lib.trades.flows.up_rows import BANK_KIND, amount_of
from skills_lib.trades.store.model import TradeStore
from skills_lib.trades.store.money import plain_text
from skills_lib.trades.store.rows import StoredFlow

_HOUR_MS = 3_600_000


def flows_answer(store: TradeStore, found: FlowsFound, tolerance: FlowTolerance) -> FlowsAnswer:
    """What a synchronisation of flows did, and what is known of each."""
    rows = found.matched.rows
    exchange = [one for one in rows if one.kind != BANK_KIND]
    counts = Counter(f"{one.kind} {one.match}" for one in rows)
    return FlowsAnswer(
        accounts=[
            {
                "id": one.id,
                "name": one.attributes.display_name,
                "balance": plain_text(amount_of(one.attributes.balance)),
                "asset": one.attributes.balance.currency_code,
            }
            for one in found.accounts
        ],
        fetched=found.fetched,
        inserted=found.written.inserted,
        updated=found.written.updated,
        unchanged=found.written.unchanged,
        flows=dict(sorted(counts.items())),
        ambiguous=[_ambiguous(one, found) for one in exchange if one.match == FlowMatch.AMBIGUOUS],
        unmatched=[shown_flow(one) for one in exchange if one.match == FlowMatch.UNMATCHED],
        matched=[_pair(one) for one in exchange if one.match == FlowMatch.MATCHED],
        tolerance=shown_tolerance(tolerance),
        complete_from=utc(found.coverage.complete_from_ms) if found.coverage else "",
        store=store.address.shown,
    )


def shown_flow(row: StoredFlow) -> dict[str, str]:
    """A flow as text."""
    return {
        "venue": row.venue,
        "account": row.account,
        "kind": row.kind,
        "id": row.flow_id,
        "amount": plain_text(row.amount),
        "asset": row.asset,
        "time": utc(row.time_ms),
        "status": row.status,
        "description": row.description,
    }


def shown_tolerance(tolerance: FlowTolerance) -> dict[str, str]:
    """How far two flows may be apart, in words."""
    early, late = tolerance.early_ms // _HOUR_MS, tolerance.late_ms // _HOUR_MS
    return {"amount": plain_text(tolerance.amount), "arrival": f"from {early} h before to {late} h after it was sent"}


def _pair(row: StoredFlow) -> dict[str, str]:
    return shown_flow(row) | {"bank": row.matched_id}


def _ambiguous(row: StoredFlow, found: FlowsFound) -> dict[str, Any]:
    return shown_flow(row) | {"candidates": [shown_flow(one) for one in found.matched.candidates[key_of(row)]]}
