"""Answers about funding flows. Amounts are decimal text, times UTC."""

from typing import Any, ClassVar

from skills_lib.answers.model import Answer


class FlowsAnswer(Answer):
    """A bank's transactions beside an exchange's deposits and withdrawals.

    `matched`: pairs, each the other's only candidate within `tolerance`. `ambiguous`: deposits and withdrawals with the
    transactions that each may be; nothing was chosen. `unmatched`: deposits and withdrawals without any. Counts are in
    `flows`, by kind and match. `complete_from`: since when transactions are in the store.
    """

    MATTERS: ClassVar = ("ambiguous", "unmatched", "matched")

    accounts: list[dict[str, str]]
    fetched: int
    inserted: int
    updated: int
    unchanged: int
    flows: dict[str, int]
    ambiguous: list[dict[str, Any]]
    unmatched: list[dict[str, str]]
    matched: list[dict[str, str]]
    tolerance: dict[str, str]
    complete_from: str
    store: str
