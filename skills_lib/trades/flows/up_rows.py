"""Up's transactions as rows of the store."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from skills_lib.domain.errors import CorruptDataError
from skills_lib.trades.flows.up_messages import UpAmount, UpTransaction
from skills_lib.trades.store.rows import StoredFlow

BANK_KIND: Final = "bank"
_LONGEST_TEXT: Final = 300


def bank_row(row: UpTransaction, venue: str) -> StoredFlow:
    """A transaction. reference: the person's other account where money moved between two of them, else "".

    Raises:
        CorruptDataError: an amount or a time that is none.
    """
    facts, other = row.attributes, row.relationships.transfer_account.data
    texts = dict.fromkeys(text.strip() for text in (facts.description, facts.raw_text, facts.message) if text)
    account = row.relationships.account.data
    return StoredFlow(
        venue=venue,
        account=account.id if account else "",
        kind=BANK_KIND,
        flow_id=row.id,
        asset=facts.amount.currency_code,
        amount=amount_of(facts.amount),
        status=facts.status,
        description=" | ".join(text for text in texts if text)[:_LONGEST_TEXT],
        reference=other.id if other else "",
        time_ms=time_ms(facts.created_at),
        settled_ms=time_ms(facts.settled_at) if facts.settled_at else None,
    )


def amount_of(amount: UpAmount) -> Decimal:
    """The exact amount: the whole number of smallest units, with as many decimals as the text beside it.

    Raises:
        CorruptDataError: number and text differ.
    """
    decimals = len(amount.value.partition(".")[2])
    found = Decimal(
        (amount.value_in_base_units < 0, Decimal(abs(amount.value_in_base_units)).as_tuple().digits, -decimals)
    )
    try:
        agrees = found == Decimal(amount.value)
    except InvalidOperation:
        agrees = False
    if not agrees:
        raise CorruptDataError("An amount of Up has a number and a text that differ. Repeat the command.")
    return found


def time_ms(text: str) -> int:
    """A time as RFC 3339 in UTC milliseconds.

    Raises:
        CorruptDataError: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise CorruptDataError("A time of Up is no time with a zone. Repeat the command.")
    return int(found.timestamp()) * 1_000 + found.microsecond // 1_000
