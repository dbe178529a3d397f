"""Which store a command uses: the one that it names, else the workspace's; and opening it."""

import os
from urllib.parse import urlsplit

from skills_lib.domain.errors import InputError
from skills_lib.settings import Settings, read_values
from skills_lib.trades.store.address import Backend, StoreAddress, parse_address
from skills_lib.trades.store.errors import INIT, NotAStoreError
from skills_lib.trades.store.model import TradeStore


def store_address(settings: Settings, url: str | None = None, schema: str | None = None) -> StoreAddress:
    """The store at `url`, or that of the settings. Key and token of a REST address are read from the environment.

    Raises:
        InputError: not an address, a remote one without TLS, or a password in a file that is committed.
    """
    given = read_values(settings.home).get("store_url")
    if url is None and given and given.place.endswith(".toml") and urlsplit(str(given.value)).password:
        raise InputError(f"{given.where} has a password, and the file is committed. Move the address to .env.")
    return parse_address(
        url or settings.store_url or f"sqlite:///{settings.store_file}",
        key=os.environ.get("TWOKEY_STORE_KEY", ""),
        token=os.environ.get("TWOKEY_STORE_TOKEN", ""),
        schema=schema or settings.store_schema,
        owner=settings.store_owner,
        plaintext=settings.store_plaintext,
    )


def open_store(address: StoreAddress) -> TradeStore:
    """The store at `address`, checked: it is there, and of this program's version.

    Raises:
        NotAStoreError: there is no store, or one of another version.
        StoreUnavailableError: the database cannot be reached.
    """
    if address.backend is Backend.REST:
        from skills_lib.trades.store.rest_store import RestStore

        return RestStore(address).check()
    from skills_lib.trades.store.sql_store import SqlStore

    if address.backend is Backend.SQLITE and not address.file.exists():
        raise NotAStoreError(f"{address.shown} is not there. {INIT}.")
    return SqlStore(address).check()
