"""The store that a verb works on: the one that --store names, else the workspace's own file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from skills_lib.trades.store.model import TradeStore

StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="The store.", show_default="data/trades.sqlite of the workspace"),
]


@contextmanager
def opened_store(url: str | None, home: Path) -> "Iterator[TradeStore]":
    """Open a store. The workspace's own file is made where there is none; no other database is.

    Raises:
        InputError: not an address, or no store of this version there.
    """
    from skills_lib.trades.store.address import parse_address
    from skills_lib.trades.store.migrations.running import initialise
    from skills_lib.trades.store.sql_store import SqlStore

    own = home / "data" / "trades.sqlite"
    address = parse_address(url or f"sqlite:///{own}", key=os.environ.get("TWOKEY_STORE_KEY", ""))
    store = SqlStore(address)
    try:
        if url is None and not own.exists():
            initialise(store.engine, address)
        yield store.check()
    finally:
        store.close()
