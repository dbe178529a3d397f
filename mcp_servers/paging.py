"""Paging: an opaque cursor holds the position of the next page and the request it belongs to."""

import base64
import hashlib
import json
from typing import Annotated

from pydantic import Field

from skills_lib.domain.errors import InputError

Cursor = Annotated[str, Field(max_length=200, description="next_cursor of the page before, all else unchanged")]


def make_cursor(position: int, *request: object) -> str:
    """A cursor for `position` that only the same `request` accepts."""
    return base64.urlsafe_b64encode(json.dumps([position, _digest(request)]).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *request: object) -> int:
    """The position in `cursor`, 0 without one.

    Raises:
        InputError: the cursor is damaged or belongs to another request.
    """
    if cursor is None:
        return 0
    try:
        position, digest = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        raise InputError(
            f"Cursor '{cursor[:40]}' is damaged. Pass next_cursor unchanged, or omit it for the first page."
        ) from None
    if digest != _digest(request) or not isinstance(position, int) or position < 0:
        raise InputError(
            f"Cursor '{cursor[:40]}' belongs to another request or other data. Start again without a cursor."
        )
    return position


def _digest(request: tuple[object, ...]) -> str:
    return hashlib.sha256(json.dumps([str(part) for part in request]).encode()).hexdigest()[:12]
