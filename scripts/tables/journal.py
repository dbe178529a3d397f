"""Prints journals: whether they hold, their records, and why an order was decided."""

from typing import TYPE_CHECKING, Any

from scripts.tables.layout import Cell, Column
from scripts.tables.screen import Screen
from skills_lib.domain.time import SECOND_NS, utc

if TYPE_CHECKING:
    from live.journal.display.why import Reasons
    from live.journal.replaying import Replayed
    from skills_lib.trades.journal.verification import Verified

_DETAILS = ("symbol", "status", "reason", "text", "outcome", "request", "code", "stream", "up", "command", "what")
"""Fields of a body that are shown in a record's line."""


def print_verified(found: "Verified") -> None:
    """Print what a journal holds and whether its end was checked."""
    screen = Screen()
    screen.flow(
        [f"run {found.run}", f"{found.records:,} records", f"{found.updates:,} market updates", "the chain holds"]
    )
    screen.flow([f"{_time(found.first_ns)} .. {_time(found.last_ns)}"])
    screen.path("head", found.head)
    if not found.anchored:
        screen.note("No --head was given: that nothing was cut off the end is not shown.")
    elif found.after_head:
        screen.text(f"The head given is an earlier record; {found.after_head:,} records follow it.")
    else:
        screen.text("The head given is the last record's.")


def print_replayed(found: "Replayed") -> None:
    """Print how much was compared."""
    screen = Screen()
    screen.text(f"{found.events:,} events give the {found.actions:,} actions of the journal, byte for byte.")
    screen.path("decisions", found.decisions_sha256)
    if found.unwritten:
        screen.note(f"{found.unwritten} actions of the last event are not in the journal: its end is missing.")


def print_record(screen: Screen, record: dict[str, Any]) -> None:
    """Print a record in a line."""
    body = record["body"]
    order = [str(record[name]) for name in ("client_order_id", "side", "quantity", "price") if record.get(name)]
    shown = [f"{name} {body[name]}" for name in _DETAILS if body.get(name) not in (None, "")]
    if "updates" in body:
        shown = [f"{count:,} {kind}" for kind, count in body["updates"].items() if count] + body["symbols"]
    elif "bids" in body:
        shown += [f"{side} {' × '.join(body[side][0])}" for side in ("bids", "asks") if body[side]]
    screen.flow([f"{record['sequence']:,}", _time(record["time_ns"]), record["kind"], *order, *shown])


def print_reasons(found: "Reasons") -> None:
    """Print the decision, then what it rested on, then what became of the order."""
    screen = Screen()
    order = found.order
    screen.text(f"{found.decision.upper()}  {_sentence(order)}", "bold")
    screen.flow([_time(found.time_ns), f"record {found.sequence:,}", f"reason: {found.reason}"])
    if found.refusal:
        screen.note(f"{found.refusal['reason']}: {found.refusal['text']}")
    if found.book:
        _print_book(screen, found.book)
    if found.state:
        screen.pairs([list(found.state.items())])
    if found.limits:
        columns = [Column("limit"), Column("used", True), Column("allowed", True)]
        screen.table(columns, [[Cell(use[name]) for name in ("limit", "used", "allowed")] for use in found.limits])
    limits = {name: value for name, value in found.effective_limits.items() if value not in (0, "0")}
    screen.flow(["Limits of the run:", *(f"{name} {value}" for name, value in limits.items())])
    screen.text("Records about it:", "dim")
    for record in found.records:
        print_record(screen, record)


def _sentence(order: dict[str, Any]) -> str:
    parts = [order[name] for name in ("client_id", "purpose", "symbol", "side", "type", "time_in_force")]
    amounts = [(name.replace("_", " "), order[name]) for name in ("quantity", "price", "trigger_price")]
    parts += [f"{name} {amount}" for name, amount in amounts if amount != "0"]
    return " ".join([*(part for part in parts if part), *(["reduce-only"] if order["reduce_only"] else [])])


def _print_book(screen: Screen, book: dict[str, Any]) -> None:
    from itertools import zip_longest

    ratio = f", bid over ask volume {book['ratio']}" if book["ratio"] else ""
    screen.text(f"book at update {book['update_id']}{ratio}")
    columns = [Column("bid size", True), Column("bid", True), Column("ask", True), Column("ask size", True)]
    empty = ("", "")
    pairs = zip_longest(book["bids"], book["asks"], fillvalue=empty)
    screen.table(columns, [[Cell(text) for text in (bid[1], bid[0], ask[0], ask[1])] for bid, ask in pairs])


def _time(time_ns: int) -> str:
    return f"{utc(time_ns)}.{time_ns % SECOND_NS // 1_000_000:03d}Z"
