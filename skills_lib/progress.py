"""Progress callback of long-running work."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called as `progress(done, total, message)`; raising from it cancels the work."""


def no_progress(_done: int, _total: int, _message: str) -> None:
    """Ignore progress."""
