"""`twokey trades`: fill the trade log from journals and from the exchange, list it, report it."""

from typing import Annotated

import typer

from scripts.console import print_answer
from scripts.next_step import command, ended, print_ending
from scripts.opened_store import Url, opened_store
from scripts.options import AsJson
from scripts.trades_report import add_verbs

app = typer.Typer(help="Fill the trade log from journals and the exchange, list it, report it.", no_args_is_help=True)
add_verbs(app)
MAX_LISTED = 1_000


def register(parent: typer.Typer) -> None:
    """Add the group."""
    parent.add_typer(app, name="trades")


@app.command("project")
def project(url: Url = None, json: AsJson = False) -> None:
    """Bring the journals of this workspace into the store. Run it again at any time: each row is there once.

    Example: twokey trades project
    """
    from scripts.trades_answers import projection_answer
    from skills_lib.settings import Settings
    from skills_lib.trades.projection.projecting import locked, project_all

    settings = Settings()
    with opened_store(url, settings) as opened, locked(opened):
        answer = projection_answer(opened, settings.home, *project_all(opened, settings.home))
    answer = ended(answer, command("trades", "list"))
    if json:
        print_answer(answer, "trades-project")
    else:
        from scripts.tables.trades import print_projection

        print_projection(answer)
        print_ending(answer.next)
    if answer.failed:
        raise typer.Exit(1)


@app.command("sync")
def sync(
    exchange: Annotated[str, typer.Argument(help="binance.")],
    host: Annotated[str, typer.Option(help="host:port of a local exchange.")] = "",
    since: Annotated[str | None, typer.Option(help="First day or time, UTC; 90 days back at first.")] = None,
    session: Annotated[
        str, typer.Option(help="The session whose account it is.", show_default="that of the venue")
    ] = "",
    symbols: Annotated[str, typer.Option(help="Further symbols, such as BTCUSDT,ETHUSDT.")] = "",
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Read orders, trades and income of the account with a read-only key, and compare them with the journals.

    The key is in TWOKEY_READER_API_KEY and TWOKEY_READER_API_SECRET. Repeat it after an interruption: it goes on.

    Example: twokey trades sync binance --host 127.0.0.1:9001
    """
    from scripts.trades_answers import sync_answer
    from scripts.trades_exchange import account_of, reader_at, require_binance, since_ms
    from skills_lib.settings import Settings
    from skills_lib.trades.projection.projecting import locked, project_all
    from skills_lib.trades.sync.synchronisation import AccountSync

    require_binance(exchange)
    settings, first_ms = Settings(), since_ms(since)
    with reader_at(host, settings) as reader, opened_store(url, settings) as opened, locked(opened):
        _, failed = project_all(opened, settings.home)
        account = account_of(opened, host, session)
        found = AccountSync(opened, reader, account).run(first_ms, _words(symbols))
        answer = sync_answer(opened, account, found, failed)
    answer = ended(answer, command("trades", "list"))
    if json:
        print_answer(answer, "trades-sync")
        return
    from scripts.tables.trades import print_sync

    print_sync(answer)
    print_ending(answer.next)


@app.command("list")
def list_(
    strategy: Annotated[str | None, typer.Option(help="Only trades of this strategy.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Only trades of this symbol, such as BTCUSDT.")] = None,
    limit: Annotated[int, typer.Option(help="Trades of a page.", min=1, max=MAX_LISTED)] = 50,
    after: Annotated[str, typer.Option(help="What the page before said of the next one.")] = "",
    url: Url = None,
    json: AsJson = False,
) -> None:
    """List round trips in order of opening, page by page.

    Example: twokey trades list --strategy imbalance
    """
    from scripts.trades_answers import trades_page
    from skills_lib.settings import Settings

    with opened_store(url, Settings()) as opened:
        answer = trades_page(opened, strategy, symbol, limit, after)
    answer = ended(answer, _next_page(strategy, symbol, limit, answer.after))
    if json:
        print_answer(answer, "trades-list")
        return
    from scripts.tables.trades import print_trades

    print_trades(answer)
    print_ending(answer.next)


def _next_page(strategy: str | None, symbol: str | None, limit: int, after: str) -> str:
    """The command for the next page, with the same filters; after the last page, to synchronise."""
    if not after:
        return command("trades", "sync", "binance")
    filters = [*(("--strategy", strategy) if strategy else ()), *(("--symbol", symbol) if symbol else ())]
    return command("trades", "list", *filters, "--limit", limit, "--after", after)


def _words(text: str) -> list[str]:
    return [word.strip().upper() for word in text.split(",") if word.strip()]
