"""Runs a conversation over sockets."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from live.binance.calls import CallWriter
from live.client.conversations import Conversation, converse
from live.sockets.endpoints import VenueAddress
from live.sockets.loop_wire import SocketWire
from live.sockets.tls import require_certificates
from skills_lib.domain.errors import TwokeyError

T = TypeVar("T")
Begin = Callable[[Callable[[], int]], Conversation[T]]
"""Begins a conversation; is given what tells the time in nanoseconds."""


async def run(address: VenueAddress, calls: CallWriter, begin: Begin[T], closing: bool = False) -> T:
    """What a conversation returns. closing: its reads may use the reserve of the request weight.

    Raises:
        TwokeyError: as the conversation does, or a certificate of the exchange is refused.
        Exception: a defect in what carries its bytes; it is then over.
    """
    found: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def done(value: T) -> None:
        if not found.done():
            found.set_result(value)

    def failed(error: Exception) -> None:
        if not found.done():
            found.set_exception(error)

    async with SocketWire(address, failed) as wire:
        wire.weights.closing = closing
        converse(wire, calls, begin(lambda: wire.now_ns), done, failed)
        try:
            return await found
        except TwokeyError:
            await require_certificates(address)  # it may be why
            raise
