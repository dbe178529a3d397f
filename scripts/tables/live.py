"""Prints what a daemon says of itself, and how it ended."""

from typing import TYPE_CHECKING

from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from live.control.protocol import KillAnswer, LiveStatus


def print_status(found: "LiveStatus") -> None:
    """Print a status: whether it is killed and protected first."""
    screen = Screen()
    state = "runs" if found.running else "does not run; this is its last status"
    screen.text(f"Session {found.session} on {found.venue} {state}.", "bold")
    if found.killed.latched:
        screen.note(f"Killed since {found.killed.since or 'an unknown time'}: {found.killed.reason}", "bold red")
    if found.paused:
        screen.note("Entries are paused.")
    for position in found.positions:
        screen.text(
            f"{position.symbol} {position.side} {position.quantity} at {position.entry}, profit "
            f"{position.unrealised}, {position.cover}",
            "" if position.cover == "covered" else "red",
        )
    if not found.positions:
        screen.text("No position.")
    screen.text(f"Orders {len(found.orders)}, stops {len(found.stops)}.")
    screen.text(f"Today {found.day.pnl} from {found.day.trades} trades (UTC day, with fees and open positions).")
    used = [f"{name} {one.used} of {one.value}" for name, one in found.limits.items() if one.used not in ("", "0")]
    screen.text(f"Limits in use: {', '.join(used) or 'none'}.")
    data = found.market_data
    screen.text(f"Market data {'usable' if data.usable else 'NOT usable'}, {data.age_ms} ms old.")
    if found.alerts:
        screen.text(f"Alerts: {', '.join(f'{code} {count}' for code, count in found.alerts.items())}.")
    screen.path("journal", found.journal.file)
    for note in found.notes:
        screen.note(note)


def print_end(text: str, answer: "KillAnswer | None") -> None:
    """Print how a run ended."""
    screen = Screen()
    screen.text(text, "bold")
    if answer is None:
        return
    closed = [f"{one.symbol} {one.quantity}{'' if one.ours else ' (not of this run)'}" for one in answer.closed]
    screen.text(f"Closed {', '.join(closed) or 'no position'}; cancelled {answer.cancelled}; {answer.seconds:.1f} s.")
    for note in answer.notes:
        screen.note(note)
