"""Where `twokey trades sync` reads: address, key and account."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from skills_lib.domain.errors import InputError

if TYPE_CHECKING:
    from skills_lib.settings import Settings
    from skills_lib.trades.store.model import TradeStore
    from skills_lib.trades.sync.conversion import VenueAccount
    from skills_lib.trades.sync.reading import AccountReader


def require_binance(exchange: str) -> None:
    """Check the exchange's name.

    Raises:
        InputError: another one.
    """
    if exchange != "binance":
        raise InputError(f"Trades of '{exchange[:40]}' cannot be synchronised. Allowed: binance.")


def account_of(store: "TradeStore", host: str, session: str) -> "VenueAccount":
    """What rows of an account are called: of the local exchange at a host, or of Binance; that of its newest run.

    session: by default named like the venue, as `twokey live run` names it.
    """
    from skills_lib.trades.projection.source import MODES, VENUES
    from skills_lib.trades.store.model import Filter
    from skills_lib.trades.store.rows import JournalOffset
    from skills_lib.trades.sync.conversion import VenueAccount

    name = "simulator" if host else "mainnet"
    venue, session = VENUES[name], session or name
    offsets = store.rows(JournalOffset, Filter(venue=venue))
    runs = [(one.run, one.account) for one in offsets if one.run.startswith(f"{venue}/{session}/")]
    return VenueAccount(venue, max(runs, default=("", session))[1], str(MODES[venue]))


@contextmanager
def reader_at(host: str, settings: "Settings") -> "Iterator[AccountReader]":
    """A reader of the account of the key in the environment.

    Raises:
        InputError: no key, or a host that is not this machine.
    """
    from live.sockets.endpoints import TradingVenue, VenueAddress
    from live.sockets.keys import KeyHolder, signer_of
    from skills_lib.market.retries import Retries
    from skills_lib.trades.sync.reading import AccountReader, base_url

    venue = TradingVenue.SIMULATOR if host else TradingVenue.MAINNET
    url = base_url(host, VenueAddress.of(TradingVenue.MAINNET).rest)
    signer = signer_of(venue, os.environ, KeyHolder.READER)
    reader = AccountReader(url, signer, Retries.of(settings), settings.http_timeout_s)
    try:
        yield reader
    finally:
        reader.close()


def since_ms(since: str | None) -> int | None:
    """A day or time, UTC, in milliseconds; None for none.

    Raises:
        InputError: it is neither.
    """
    if since is None:
        return None
    from skills_lib.market.candles.spans import parse_utc, to_ns

    return to_ns(parse_utc(since)) // 1_000_000
