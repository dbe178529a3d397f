"""Prints what a closing did, and how its rehearsal went."""

from typing import TYPE_CHECKING

from scripts.tables.screen import Screen

if TYPE_CHECKING:
    from skills_lib.answers.closing import ClosingAnswer
    from skills_lib.answers.drill import DrillAnswer


def print_closing(answer: "ClosingAnswer") -> None:
    """Print whether the account is flat first, then what was closed, then what is left."""
    screen = Screen()
    if answer.flat:
        screen.text(
            f"Flat, proven by {answer.verified_reads} reads after {answer.verified_after_seconds:.1f} s.", "bold"
        )
    else:
        screen.text(f"NOT proven flat after {answer.verified_after_seconds:.1f} s.", "bold red")
    closed = ", ".join(answer.closed) or "no position"
    screen.text(f"Closed {closed}; cancelled {answer.cancelled} orders and stops.")
    if answer.latched:
        screen.text(f"Killed until a person resets it: session {', '.join(answer.latched)}.")
    for title, texts in (("Left", answer.left), ("Refused", answer.refused)):
        for text in texts:
            screen.note(f"{title}: {text}")


def print_drill(answer: "DrillAnswer") -> None:
    """Print whether the drill passed first, then each step that failed."""
    screen = Screen()
    broken = [step for step in answer.steps if not step.passed]
    verdict = f"{len(broken)} of {len(answer.steps)} steps FAILED" if broken else f"{len(answer.steps)} steps passed"
    screen.text(
        f"Drill of {', '.join(answer.shadow)}: {verdict} in {answer.seconds:.1f} s.", "bold red" if broken else "bold"
    )
    for step in broken:
        screen.note(f"{step.name}: {step.found}")
