"""What the verbs of `twokey live` share: which venue, with which key, which symbols and which session."""

from typing import TYPE_CHECKING, Annotated

import typer

from skills_lib.domain.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from live.binance.signing import Signer
    from live.control.folder import SessionFolder
    from live.sockets.endpoints import TradingVenue, VenueAddress
    from live.sockets.keys import KeyHolder

Venue = Annotated[str, typer.Option(help="simulator, demo or mainnet.")]
Host = Annotated[str, typer.Option(help="host:port of the simulator.")]
Symbols = Annotated[str, typer.Option(help="Such as BTCUSDT,ETHUSDT.")]


def venue_of(name: str) -> "TradingVenue":
    """The venue of a name.

    Raises:
        InputError: there is none.
    """
    from live.sockets.endpoints import TradingVenue

    allowed = [venue.value for venue in TradingVenue]
    if name not in allowed:
        meant = did_you_mean(name, allowed)
        raise InputError(f"There is no venue '{name[:40]}'. Allowed: {', '.join(allowed)}.{meant}")
    return TradingVenue(name)


def opened_venue(name: str, host: str, holder: "KeyHolder | None" = None) -> "tuple[VenueAddress, Signer]":
    """Where a venue is, and the key that signs there, from the environment. host: of the simulator.

    Raises:
        InputError: there is no such venue, address or key.
        TwokeyError: the venue is not armed.
    """
    import os

    from live.sockets.endpoints import TradingVenue, VenueAddress, require_armed
    from live.sockets.keys import KeyHolder, signer_of

    venue = venue_of(name)
    require_armed(venue)
    address = VenueAddress.of(venue, host if venue is TradingVenue.SIMULATOR else "")
    return address, signer_of(venue, os.environ, holder or KeyHolder.DAEMON)


def symbols_in(text: str) -> tuple[str, ...]:
    """The symbols of a list with commas."""
    return tuple(symbol.strip().upper() for symbol in text.split(",") if symbol.strip())


def session_folder(name: str) -> "SessionFolder":
    """The folder of a session of the workspace.

    Raises:
        InputError: the name is none, or there is no workspace.
    """
    from live.control.folder import SessionFolder
    from skills_lib.settings import Settings

    return SessionFolder.of(Settings().home, name)
