"""Waits for a conversation or a stream on the event loop."""

import asyncio
from typing import TypeVar

from live.binance.calls import CallWriter
from live.client.conversations import Conversation, converse
from live.client.wire import Wire
from skills_lib.domain.errors import TwokeyError

T = TypeVar("T")


class _Opening:
    """Waits for a stream to open, or to close. opened: True if it did."""

    def __init__(self) -> None:
        self.opened: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def on_opened(self) -> None:
        """It is open."""
        self._settle(True)

    def on_frame(self, data: bytes) -> None:
        """Nothing is read of it."""

    def on_closed(self) -> None:
        """It could not be opened, or ended."""
        self._settle(False)

    def _settle(self, opened: bool) -> None:
        if not self.opened.done():
            self.opened.set_result(opened)


async def opened(wire: Wire, target: str) -> None:
    """Open a stream, which stays open while the wire is.

    Raises:
        TwokeyError: it cannot be opened.
    """
    opening = _Opening()
    wire.connect(target, opening)
    if not await opening.opened:
        raise TwokeyError("The exchange opens no stream. See that it runs and is reached at this address, then start.")


async def finished(wire: Wire, calls: CallWriter, conversation: Conversation[T]) -> T:
    """What a conversation returns.

    Raises:
        TwokeyError: as it does, or it has a defect.
    """
    found: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    converse(wire, calls, _without_defects(conversation), found.set_result, found.set_exception)
    return await found


def _without_defects(conversation: Conversation[T]) -> Conversation[T]:
    """The same; a defect reaches whoever waits for it."""
    try:
        return (yield from conversation)
    except TwokeyError:
        raise
    except Exception as error:
        raise TwokeyError(
            f"The start failed by a defect of the program ({type(error).__name__}). Report it."
        ) from error
