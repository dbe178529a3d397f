"""What the verbs of `twokey live` share: which venue, and where it is."""

from typing import TYPE_CHECKING

from skills_lib.domain.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from live.sockets.endpoints import TradingVenue


def venue_of(name: str) -> "TradingVenue":
    """The venue of a name.

    Raises:
        InputError: there is none.
    """
    from live.sockets.endpoints import TradingVenue

    allowed = [venue.value for venue in TradingVenue]
    if name not in allowed:
        raise InputError(
            f"There is no venue '{name[:40]}'. Allowed: {', '.join(allowed)}.{did_you_mean(name, allowed)}"
        )
    return TradingVenue(name)
