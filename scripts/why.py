"""`twokey why`: what the engine saw and what its limits allowed when it decided an order."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import print_answer
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("why")(why)


def why(
    order_id: Annotated[
        str, typer.Argument(metavar="ORDER_ID", help="The order's client id, or the exchange's id of it.")
    ],
    journal: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its journal.", show_default="the workspace's newest with it")
    ] = None,
    json: AsJson = False,
) -> None:
    """Print why an order was sent or refused: book, state, limits and reason at that step, from the journal alone.

    Without --journal the workspace's journals are searched: backtests/replays and data/journals.

    Example: twokey why r1-7 --journal FILE
    """
    from live.journal.display.why import reasons_for

    found = reasons_for(journal or _journal_of(order_id), order_id)
    after = command("journal", "show", found.journal, "--since", found.time_ns)
    if json:
        from skills_lib.answers.journal import WhyAnswer

        print_answer(ended(WhyAnswer(**asdict(found)), after), "why")
        return
    from scripts.tables.journal import print_reasons

    print_reasons(found)
    print_ending(after)


def _journal_of(order_id: str) -> Path:
    from skills_lib.settings import Settings
    from skills_lib.trades.journal.finding import journal_of

    settings = Settings()
    return journal_of(order_id, (settings.replays_dir, settings.journals_dir))
