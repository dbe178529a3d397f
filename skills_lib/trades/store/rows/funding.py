"""Rows of money that comes and goes: bank accounts, deposits, withdrawals."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from skills_lib.trades.store.rows.base import StoredRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFlow(StoredRow):
    """A transaction of a bank account, or a deposit or withdrawal at an exchange. amount: positive where received.

    kind: "bank", "deposit" or "withdrawal". flow_id: the venue's own id, which may be text.
    match: "matched", "ambiguous" or "unmatched"; matched_venue, matched_id: the other side where matched.
    """

    TABLE: ClassVar[str] = "funding_flows"
    KEY: ClassVar[tuple[str, ...]] = ("venue", "account", "kind", "flow_id")
    TIME: ClassVar[str] = "time_ms"
    INDICES: ClassVar[tuple[tuple[str, ...], ...]] = (("venue", "account", "time_ms"), ("match", "time_ms"))

    venue: str
    account: str
    kind: str
    flow_id: str
    strategy_id: str = ""
    asset: str
    amount: Decimal
    fee: Decimal = Decimal(0)
    status: str
    description: str = ""
    reference: str = ""
    match: str = "unmatched"
    matched_venue: str = ""
    matched_id: str = ""
    time_ms: int
    settled_ms: int | None = None
