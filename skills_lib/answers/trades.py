"""Answers about the trade log: projections, synchronisations and lists. Amounts are decimal text, times UTC."""

from typing import Any, ClassVar

from skills_lib.answers.model import Answer


class ProjectionAnswer(Answer):
    """What journals brought into the store. `failed`: journals that could not be read, with the reason of each.

    `backlog`: what is still not in the store, in `journals`, `records` and `bytes`.
    """

    store: str
    journals: int
    records: int
    inserted: int
    updated: int
    unchanged: int
    failed: list[dict[str, str]]
    backlog: dict[str, int]


class SyncAnswer(Answer):
    """An account at the exchange, beside the journals.

    `discrepancies`: all that stand, `kind` one of missing_here, missing_there, price, quantity, fee, side,
    realised_pnl, status, balance, position; `id` what it is about. `pnl`: by the exchange's ledger since
    `complete.income`, in `asset`. `complete`: from when each list is complete. `compared` False: the account traded
    while positions and wallets were read. `forgotten`: what the exchange no longer shows.
    """

    MATTERS: ClassVar = ("discrepancies", "pnl", "positions")

    fetched: int
    inserted: int
    updated: int
    unchanged: int
    discrepancies: list[dict[str, str]]
    pnl: dict[str, str]
    other_fees: dict[str, str]
    asset: str
    positions: list[dict[str, str]]
    symbols: list[str]
    complete: dict[str, str]
    notes: list[str]
    unknown_income: dict[str, int]
    compared: bool
    forgotten: str
    store: str


class TradesAnswer(Answer):
    """Round trips in order of opening. `after`: give it to --after for the next page, empty where this is the last."""

    MATTERS: ClassVar = ("trades",)

    trades: list[dict[str, Any]]
    after: str
    store: str
