"""Runs calls of the library off the event loop, with progress, cancellation and one-line errors."""

from collections.abc import Callable
from typing import Any, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from skills_lib.domain.errors import TwokeyError
from skills_lib.progress import Progress

T = TypeVar("T")


async def run_library(
    ctx: Context[Any, Any], work: Callable[[Progress], T], limiter: anyio.CapacityLimiter | None = None
) -> T:
    """Run `work` on a worker thread; progress is sent to the client; a cancelled request stops it at the next report.

    Raises:
        ToolError: an error of the library, with its one-line message, or of the operating system.
    """

    def call() -> T:
        return work(_ProgressForwarder(ctx))

    try:
        return await anyio.to_thread.run_sync(call, limiter=limiter)
    except TwokeyError as error:
        raise ToolError(str(error)) from error
    except OSError as error:
        raise ToolError(f"System error: {error}. Free space or fix permissions, then call again.") from error


class _ProgressForwarder:
    """Sends progress to the client: an increasing number, as MCP requires, and the message.

    Each phase of the work (candles, then the run) counts from 0, so the number is the percentage summed over all
    phases so far, without a total. At most one notification per percent is sent.
    """

    def __init__(self, ctx: Context[Any, Any]) -> None:
        self._ctx = ctx
        self._last_sent = -1
        self._before = 0
        self._phase = ""

    def __call__(self, done: int, total: int, message: str) -> None:
        anyio.from_thread.check_cancelled()
        percent = min(100 * done // total, 100) if total > 0 else self._last_sent - self._before + 1
        if message != self._phase or self._before + percent > self._last_sent:
            self._send(percent, message)

    def _send(self, percent: int, message: str) -> None:
        if self._before + percent <= self._last_sent:
            self._before = self._last_sent + 1 - percent
        self._last_sent, self._phase = self._before + percent, message
        anyio.from_thread.run(self._ctx.report_progress, self._last_sent, None, message)
