"""Pages: an opaque cursor says where the next one begins and which question it belongs to."""

import base64
import hashlib
import json
from typing import Annotated

from pydantic import Field

from skills_lib.domain.errors import InputError

Cursor = Annotated[
    str, Field(max_length=200, description="next_cursor of the page before; leave it out for the first page")
]


def make_cursor(position: int, *question: object) -> str:
    """A cursor for `position` that only the same `question` accepts."""
    return base64.urlsafe_b64encode(json.dumps([position, _mark(question)]).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *question: object) -> int:
    """The position in `cursor`, 0 without one.

    Raises:
        InputError: the cursor is damaged or belongs to another question.
    """
    if cursor is None:
        return 0
    try:
        position, mark = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        raise InputError(f"Cursor '{cursor[:40]}' is damaged. Pass next_cursor unchanged, or none to begin.") from None
    if mark != _mark(question) or not isinstance(position, int) or position < 0:
        raise InputError(f"Cursor '{cursor[:40]}' belongs to another question or other data. Begin again without one.")
    return position


def _mark(question: tuple[object, ...]) -> str:
    return hashlib.sha256(json.dumps([str(part) for part in question]).encode()).hexdigest()[:12]
