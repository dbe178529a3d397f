"""Runs a closing over sockets, and begins it anew after a defect: a kill handler that raises must not end the kill."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from live.account.closing.closing import close_account
from live.account.closing.model import Closed, ClosingRequest
from live.account.preflight.mark import take_away
from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.conversations import Conversation
from live.sockets.endpoints import VenueAddress
from live.sockets.running import run
from live.sockets.tls import refused_certificate
from skills_lib import log
from skills_lib.domain.errors import TwokeyError

DEFECTS: Final = 20
"""So many defects end it; a second lies between two attempts."""


async def emergency_stop(address: VenueAddress, signer: Signer, asked: ClosingRequest) -> Closed:
    """Close everything of an account.

    Raises:
        InputError: the extra `live` is missing.
        TwokeyError: defects ended it.
    """
    for _ in range(DEFECTS):
        try:
            closed = await run(address, CallWriter(signer), lambda now: _closing(asked, now), closing=True)
            return closed if closed.flat else await _explained(address, closed)
        except TwokeyError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever failed, positions are still open
            log.info("closing begins anew", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(1)
    raise TwokeyError(
        f"Closing failed {DEFECTS} times by a defect of the program: nothing is proven. Close by hand on Binance's "
        "website, and report it."
    )


def _closing(asked: ClosingRequest, now: Callable[[], int]) -> Conversation[Closed]:
    """Close; of an account that is flat the mark of a daemon is taken away, whose machine may be gone."""
    closed = yield from close_account(asked, now)
    if closed.flat:
        yield from take_away()
    return closed


async def _explained(address: VenueAddress, closed: Closed) -> Closed:
    """A closing that proved nothing, with what is wrong with the exchange's certificate, if that is why."""
    problem = await refused_certificate(address)
    return replace(closed, left=(*closed.left, problem)) if problem else closed


def stop_now(address: VenueAddress, signer: Signer, asked: ClosingRequest) -> Closed:
    """The same from a program without an event loop."""
    return asyncio.run(emergency_stop(address, signer, asked))
