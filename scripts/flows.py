"""`twokey flows`: what a bank account says, beside what was deposited and withdrawn at an exchange."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer
from scripts.next_step import command, ended, print_ending
from scripts.opened_store import Url, opened_store
from scripts.options import AsJson

if TYPE_CHECKING:
    from skills_lib.settings import Settings
    from skills_lib.trades.flows.flow_matching import FlowTolerance
    from skills_lib.trades.flows.up_reader import UpReader

app = typer.Typer(help="Match a bank account with deposits and withdrawals.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the group."""
    parent.add_typer(app, name="flows")


@app.callback()
def flows() -> None:
    """Match a bank account with deposits and withdrawals."""


@app.command("sync")
def sync(
    host: Annotated[str, typer.Option(help="host:port of a local server in the place of Up.")] = "",
    since: Annotated[str | None, typer.Option(help="First day or time, UTC; a year back at first.")] = None,
    within_hours: Annotated[int, typer.Option(help="Money arrives within, hours.", min=1, max=720)] = 72,
    difference: Annotated[str, typer.Option(help="By how much amounts may differ.")] = "0.01",
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Read accounts and transactions of Up, and match them with deposits and withdrawals by amount and time.

    The token is in TWOKEY_UP_TOKEN. Where several may be the same, all are listed and none is chosen.

    Example: twokey flows sync --since 2026-07-01
    """
    import time

    from scripts.flows_answers import flows_answer
    from scripts.trades_exchange import since_ms
    from skills_lib.settings import Settings
    from skills_lib.trades.flows.banks import LOCAL_UP, UP
    from skills_lib.trades.flows.flow_sync import FlowSync
    from skills_lib.trades.projection.projecting import locked

    settings, first_ms, tolerance = Settings(), since_ms(since), _tolerance(difference, within_hours)
    with _reader_at(host, settings) as reader, opened_store(url, settings) as opened, locked(opened):
        now_ms = time.time_ns() // 1_000_000
        found = FlowSync(opened, reader, LOCAL_UP if host else UP, now_ms, tolerance).run(first_ms)
        answer = ended(flows_answer(opened, found, tolerance), command("trades", "list"))
    if json:
        print_answer(answer, "flows-sync")
        return
    from scripts.tables.flows import print_flows

    print_flows(answer)
    print_ending(answer.next)


def _tolerance(difference: str, within_hours: int) -> "FlowTolerance":
    from decimal import Decimal, InvalidOperation

    from skills_lib.domain.errors import InputError
    from skills_lib.trades.flows.flow_matching import FlowTolerance

    try:
        amount = Decimal(difference)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= 1_000:
        raise InputError(f"--difference {difference[:40]} is no amount. Give one from 0 to 1000, such as 0.01.")
    return FlowTolerance(amount=amount, late_ms=within_hours * 3_600_000)


@contextmanager
def _reader_at(host: str, settings: "Settings") -> "Iterator[UpReader]":
    from skills_lib.market.retries import Retries
    from skills_lib.trades.flows.up_reader import UpReader, up_url

    reader = UpReader(up_url(host), settings.up_token, Retries.of(settings), settings.http_timeout_s)
    try:
        yield reader
    finally:
        reader.close()
