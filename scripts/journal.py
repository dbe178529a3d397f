"""`twokey journal`: verify, show and replay the journal of a trading run."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import print_answer, print_whole
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson

app = typer.Typer(help="Verify, show and replay the journal of a trading run.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the group."""
    parent.add_typer(app, name="journal")


Journal = Annotated[Path, typer.Argument(metavar="FILE", help="A journal: one JSON object a line.")]


@app.command("verify")
def verify(
    file: Journal,
    head: Annotated[
        str | None, typer.Option(metavar="HASH", help="The hash of a record, kept outside: shows a cut tail.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Check every record of a journal against the hash chain, and the chain against a head that was kept outside.

    Exit code 1 says what is damaged and in which line.

    Example: twokey journal verify FILE
    """
    from skills_lib.trades.journal.verification import verify_journal

    found = verify_journal(file, head)
    after = command("journal", "replay", file)
    if json:
        from skills_lib.answers.journal import JournalCheckAnswer

        print_answer(ended(JournalCheckAnswer.of(file.absolute(), found), after), "journal-verify")
        return
    from scripts.tables.journal import print_verified

    print_verified(found)
    print_ending(after)


@app.command("show")
def show(
    file: Journal,
    since: Annotated[str | None, typer.Option(help="First day or time, UTC, or nanoseconds since 1970.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only records of this kind, such as order_intent.")] = None,
    books: Annotated[bool, typer.Option(help="Market updates one by one instead of their blocks.")] = False,
    json: AsJson = False,
) -> None:
    """Print the records of a journal, each checked before it is printed; with --json one object a line, all of it.

    Example: twokey journal show FILE --kind order_intent
    """
    from live.journal.display.records import shown_records

    records = shown_records(file, _nanoseconds(since), kind, books=books)
    if json:
        for record in records:
            print_whole(record)
        return
    from scripts.tables.journal import print_record
    from scripts.tables.screen import Screen

    screen = Screen()
    for record in records:
        print_record(screen, record)
    sys.stdout.flush()
    print_ending(command("journal", "verify", file))


@app.command("replay")
def replay(file: Journal, json: AsJson = False) -> None:
    """Run the events of a journal through the engine and compare every action with the journal's, byte for byte.

    Exit code 1 says where the first one differs.

    Example: twokey journal replay FILE
    """
    from live.journal.replaying import replay_journal

    found = replay_journal(file)
    after = command("journal", "show", file, "--kind", "order_intent")
    if json:
        from skills_lib.answers.journal import JournalReplayAnswer

        answer = JournalReplayAnswer(file=file.absolute(), **found._asdict())
        print_answer(ended(answer, after), "journal-replay")
        return
    from scripts.tables.journal import print_replayed

    print_replayed(found)
    print_ending(after)


def _nanoseconds(since: str | None) -> int:
    """A time as nanoseconds since 1970."""
    if since is None:
        return 0
    if since.isdecimal():
        return int(since)
    from skills_lib.market.candles.spans import parse_utc, to_ns

    return to_ns(parse_utc(since))
