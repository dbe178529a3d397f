"""The store that a verb works on: the one that --url names, else the workspace's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from skills_lib.settings import Settings
    from skills_lib.trades.store.model import TradeStore

Url = Annotated[
    str | None,
    typer.Option(help="sqlite:///FILE, a postgresql:// or an https:// address.", show_default="the setting store_url"),
]


@contextmanager
def opened_store(url: str | None, settings: "Settings") -> "Iterator[TradeStore]":
    """Open a store that `twokey store init` made.

    Raises:
        InputError: not an address, or no store of this version there.
    """
    from skills_lib.trades.store.choosing import open_store, store_address

    store = open_store(store_address(settings, url))
    try:
        yield store
    finally:
        store.close()
