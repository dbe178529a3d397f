"""Scenarios of processes, which wait more than they compute: each begins while the ones before it are under way.

A test of the module waits for its own scenario; by then the next `AHEAD` have begun. Run alone, it is the only one.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from itertools import islice
from threading import Thread
from typing import Any, Protocol

import pytest

AHEAD = 7
WITHIN_S = 150.0
Body = Callable[..., Awaitable[None]]


class Play(Protocol):
    """Runs a scenario with what it was planned with and the parameters of its test."""

    async def __call__(self, body: Body, settings: Mapping[str, Any], parameters: Mapping[str, Any]) -> None: ...


class Together:
    """Runs scenarios on one event loop, in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._begun: dict[str, Future[None]] = {}
        self._thread.start()

    def finish(self, item: pytest.Item) -> None:
        """Wait for the scenario of a test; let those that follow in its module begin.

        Raises:
            AssertionError: what the scenario found.
        """
        self._begin(item)
        for following in islice(_after(item), AHEAD):
            self._begin(following)
        self._begun[item.nodeid].result(WITHIN_S)

    def end(self) -> None:
        """End what nobody waits for, and the thread."""
        for begun in self._begun.values():
            begun.cancel()
        asyncio.run_coroutine_threadsafe(_rest(), self._loop).result(WITHIN_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _begin(self, item: pytest.Item) -> None:
        if item.nodeid not in self._begun:
            play, body, settings = item.function.scenario  # type: ignore[attr-defined]
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            coroutine = play(body, settings, parameters)
            self._begun[item.nodeid] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)


def planned(play: Play, **settings: Any) -> Callable[[Body], Callable[..., None]]:
    """A scenario as a test of its name."""

    def registered(body: Body) -> Callable[..., None]:
        def test(together: Together, request: pytest.FixtureRequest, **_: Any) -> None:
            together.finish(request.node)

        test.__name__, test.__doc__, test.__module__ = body.__name__, body.__doc__, body.__module__
        test.scenario = (play, body, settings)  # type: ignore[attr-defined]
        _, *parameters = inspect.signature(body).parameters.values()
        fixtures = [*inspect.signature(test).parameters.values()][:2]
        test.__signature__ = inspect.Signature([*fixtures, *parameters])  # type: ignore[attr-defined]
        return test

    return registered


def _after(item: pytest.Item) -> Iterator[pytest.Item]:
    """The scenarios that follow a test in its module."""
    items = item.session.items
    return (
        other
        for other in items[items.index(item) + 1 :]
        if other.path == item.path and hasattr(getattr(other, "function", None), "scenario")
    )


async def _rest() -> None:
    """Wait until every other task has ended."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*others, return_exceptions=True)
