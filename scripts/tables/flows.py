"""Prints answers about funding flows."""

from typing import TYPE_CHECKING

from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from skills_lib.answers.flows import FlowsAnswer


def print_flows(answer: "FlowsAnswer") -> None:
    """Print what a synchronisation of flows found."""
    screen = Screen()
    screen.text(f"{answer.fetched} transactions read: {answer.inserted} new rows, {answer.updated} changed.")
    for account in answer.accounts:
        screen.text(f"{account['name']}: {account['balance']} {account['asset']} can be spent.")
    for pair in answer.matched:
        screen.text(f"{_flow(pair)} is the bank's {pair['bank']}.")
    for one in answer.ambiguous:
        screen.note(f"{_flow(one)} may be any of {', '.join(_flow(other) for other in one['candidates'])}.")
    for one in answer.unmatched:
        screen.note(f"{_flow(one)} is no transaction of the bank.")
    if not answer.matched and not answer.ambiguous and not answer.unmatched:
        screen.text("The store has no deposit and no withdrawal.")
    amount, arrival = answer.tolerance["amount"], answer.tolerance["arrival"]
    screen.text(
        f"Amounts may differ by {amount}; money arrives {arrival}. Complete from {answer.complete_from}.", "dim"
    )


def _flow(row: dict[str, str]) -> str:
    return f"{row['kind']} {row['id']} of {row['amount']} {row['asset']} at {row['time']}"
