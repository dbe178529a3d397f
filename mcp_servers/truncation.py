"""Cuts an answer that is too long for a client, and says so."""

import json
from collections.abc import Iterator
from typing import Any

MAX_CHARACTERS = 40_000
"""Longest answer. It is sent twice, as text and as data, and clients cut at 25,000 tokens; a token has 3.5 or so."""

_SAID = "This answer was cut to fit: report that it is incomplete. "


class TooLongError(Exception):
    """A page too long for one answer; cutting it would lose rows."""


def shorten(answer: dict[str, Any], limit: int) -> dict[str, Any]:
    """`answer` in at most `limit` characters of JSON: its longest list or text is halved until it fits.

    Says `truncated` and starts `next_step` with a sentence on it where something was cut.

    Raises:
        TooLongError: a page of rows, whose next page would start after what was cut.
    """
    length = _length(answer)
    if length <= limit:
        return answer
    if any("next_cursor" in part for part in _objects(answer)):
        raise TooLongError(f"{length:,} characters; the maximum is {limit:,}")
    cut: dict[str, Any] = json.loads(json.dumps(answer))
    cut |= {"truncated": True, "next_step": _SAID + str(cut.get("next_step", ""))}
    while _length(cut) > limit:
        longest = max(_places(cut), key=lambda place: _length(place[0][place[1]]), default=None)
        if longest is None:
            raise TooLongError(f"{length:,} characters; the maximum is {limit:,}")
        holder, key = longest
        holder[key] = holder[key][: len(holder[key]) // 2]
    return cut


def _length(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(part)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where a list or text can be cut: what holds it, and its key or index."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(part, list | str) and len(part) > 1:
            yield value, key
        if isinstance(part, dict | list):
            yield from _places(part)
