"""`twokey store`: make, update, fill, look at and copy the trade log."""

from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson, Exchange, Source, Symbol, Timeframe

if TYPE_CHECKING:
    from skills_lib.trades.store.address import StoreAddress
    from skills_lib.trades.store.model import TradeStore

app = typer.Typer(help="The trade log: make, update, fill, look at and copy it.", no_args_is_help=True)

Url = Annotated[
    str | None,
    typer.Option(help="sqlite:///FILE, a postgresql:// or an https:// address.", show_default="the setting store_url"),
]
Schema = Annotated[
    str | None, typer.Option(help="PostgreSQL schema of the tables.", show_default="the setting store_schema")
]


def register(parent: typer.Typer) -> None:
    """Add the group."""
    parent.add_typer(app, name="store")


@app.command("init")
def init(
    url: Url = None,
    schema: Schema = None,
    into_existing: Annotated[
        bool, typer.Option("--into-existing", help="Make the tables beside those of others.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Make the tables of the trade log where there are none. A database with tables of others is left alone.

    Example: twokey store init
    """
    from skills_lib.trades.store.migrations.running import initialise
    from skills_lib.trades.store.sql_store import SqlStore

    address = _direct(url, schema)
    with SqlStore(address) as store:
        store.explained(lambda: initialise(store.engine, address, into_existing=into_existing))
    _show_status(address, json, "store-init", command("store", "ingest", "BTC", "1h"))


@app.command("migrate")
def migrate(url: Url = None, schema: Schema = None, json: AsJson = False) -> None:
    """Bring the tables to the schema of this program, in one transaction. It waits seconds for readers, then gives up.

    Example: twokey store migrate
    """
    from skills_lib.trades.store.migrations.running import migrate as migrate_store
    from skills_lib.trades.store.sql_store import SqlStore

    address = _direct(url, schema)
    with SqlStore(address) as store:
        before, after = store.explained(lambda: migrate_store(store.engine, address))
    if not json:
        typer.echo(f"Schema version {before} before, {after} now.")
    _show_status(address, json, "store-migrate", command("store", "status"))


@app.command("status")
def status(url: Url = None, schema: Schema = None, json: AsJson = False) -> None:
    """Count the rows of each table, and the records of journals that are not in it yet.

    Example: twokey store status --json
    """
    _show_status(_address(url, schema), json, "store-status", command("store", "ingest", "BTC", "1h"))


@app.command("ingest")
def ingest(
    symbol: Symbol,
    timeframe: Timeframe,
    since: Annotated[str | None, typer.Option(help="First day or time, UTC.", show_default="what is missing")] = None,
    source: Source = "auto",
    exchange: Exchange = None,
    url: Url = None,
    schema: Schema = None,
    json: AsJson = False,
) -> None:
    """Fill in candles that the store does not have, from cache, archive or exchange. Synthetic ones are never stored.

    Example: twokey store ingest BTC 1h --since 2024-01-01
    """
    from skills_lib.answers.store import IngestAnswer
    from skills_lib.market.candles import CandleArguments
    from skills_lib.settings import Settings
    from skills_lib.trades.candles.ingesting import ingest as ingest_candles

    settings = Settings()
    request = CandleArguments(symbol, timeframe, since, None, source, exchange).request(settings)
    store = _opened(_address(url, schema))
    try:
        with progress_bar(not json) as progress:
            done = ingest_candles(request, store, settings, progress)
    finally:
        store.close()
    answer = IngestAnswer.of(request, done, store.address.shown)
    after = command("test-strategy", symbol, timeframe, "sma_crossover", "--source", "store")
    if json:
        print_answer(ended(answer, after), "store-ingest")
        return
    from scripts.tables.store import print_ingested

    print_ingested(answer)
    print_ending(after)


@app.command("copy")
def copy(
    read: Annotated[str, typer.Option("--from", metavar="URL", help="The store that is read.")],
    written: Annotated[str, typer.Option("--to", metavar="URL", help="The store that is written; init makes it.")],
    schema: Schema = None,
    json: AsJson = False,
) -> None:
    """Copy every row into another store, exactly. The same command resumes it after an interruption.

    Example: twokey store copy --from sqlite:///data/store/trades.sqlite --to postgresql://me@localhost/trades
    """
    from skills_lib.answers.store import CopyAnswer
    from skills_lib.trades.store.copying import copy_store

    opened = [_opened(_address(read, None)), _opened(_address(written, schema))]
    try:
        with progress_bar(not json) as progress:
            done = copy_store(opened[0], opened[1], progress)
    finally:
        for store in opened:
            store.close()
    answer = CopyAnswer.of(opened[0].address.shown, opened[1].address.shown, done)
    after = command("store", "status", "--url", opened[1].address.shown)
    if json:
        print_answer(ended(answer, after), "store-copy")
        return
    from scripts.tables.store import print_copied

    print_copied(answer)
    print_ending(after)


def _address(url: str | None, schema: str | None) -> "StoreAddress":
    from skills_lib.settings import Settings
    from skills_lib.trades.store.choosing import store_address

    return store_address(Settings(), url, schema)


def _direct(url: str | None, schema: str | None) -> "StoreAddress":
    """The address of a store that can be made from here.

    Raises:
        InputError: a REST address, which cannot make tables.
    """
    from skills_lib.domain.errors import InputError
    from skills_lib.trades.store.address import Backend
    from skills_lib.trades.store.row_security import SQL_FILE

    address = _address(url, schema)
    if address.backend is Backend.REST:
        raise InputError(f"A REST address cannot make tables. Run {SQL_FILE} in the project's SQL editor.")
    return address


def _opened(address: "StoreAddress") -> "TradeStore":
    from skills_lib.trades.store.choosing import open_store

    return open_store(address)


def _show_status(address: "StoreAddress", json: bool, verb: str, after: str) -> None:
    from skills_lib.answers.store import StoreAnswer
    from skills_lib.settings import Settings
    from skills_lib.trades.projection.projecting import backlog
    from skills_lib.trades.store.status import status_of

    store = _opened(address)
    try:
        left = backlog(store, Settings().home)
        answer = StoreAnswer.of(status_of(store, left.records, left.unreadable))
    finally:
        store.close()
    if json:
        print_answer(ended(answer, after), verb)
        return
    from scripts.tables.store import print_status

    print_status(answer)
    print_ending(after)
