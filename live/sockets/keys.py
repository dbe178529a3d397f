"""API keys from the environment: never from an argument, which the list of processes shows."""

from collections.abc import Mapping
from enum import StrEnum

from live.binance.signing import Signer
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from live.sockets.endpoints import TradingVenue
from skills_lib.domain.errors import InputError


class KeyHolder(StrEnum):
    """Who signs: the first part of the names of its environment variables."""

    DAEMON = "TWOKEY"
    WATCHDOG = "TWOKEY_WATCHDOG"


def signer_of(venue: TradingVenue, environment: Mapping[str, str], holder: KeyHolder = KeyHolder.DAEMON) -> Signer:
    """The signer of a holder's key. The simulator's default key signs where none is set: it is valid nowhere else.

    Raises:
        InputError: a part of the key is missing.
    """
    names = f"{holder}_API_KEY", f"{holder}_API_SECRET"
    key, secret = (environment.get(name, "").strip() for name in names)
    if not (key or secret) and venue is TradingVenue.SIMULATOR:
        return Signer(DEFAULT_KEY, DEFAULT_SECRET)
    if not (key and secret):
        missing = " and ".join(name for name, value in zip(names, (key, secret), strict=True) if not value)
        raise InputError(f"No {missing} in the environment. Set the key of the account that is traded on {venue}.")
    return Signer(key, secret)
