"""How long work tells a face how far it is."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called as `progress(done, total, message)`; a face may raise from it to cancel the work."""


def no_progress(_done: int, _total: int, _message: str) -> None:
    """Tell nobody."""
