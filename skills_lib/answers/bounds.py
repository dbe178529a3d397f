"""Shortens an answer to a number of bytes; it stays valid JSON, and every shortened list tells its length."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import Any

MAX_BYTES = 8_000
"""Longest answer in UTF-8, the line break included."""
CUT = " [cut]"
_MIN_TEXT = 80
_MIN_ENTRIES = 4
_MAX_ENTRIES, _MAX_TEXT = 100, 2_000
"""What a list and a text keep at most before they are measured, so that this costs little."""


class Unbroken(str):
    """A text that is never cut: a path."""

    __slots__ = ()


Part = tuple[int, dict[str, Any] | list[Any], Any]
"""Bytes of a part that can be shortened, what holds it, and its key there."""


def plain(value: Any) -> Any:
    """`value` as JSON has it: None for nan and infinity, which JSON lacks."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, PurePath):
        return Unbroken(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(plain(name)): plain(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(part) for part in value]
    return value


def spelled(value: Any, spell: Callable[[str], str]) -> Any:
    """Plain `value` with each text spelled by `spell`; paths and names of fields are kept."""
    if isinstance(value, dict):
        return {name: spelled(part, spell) for name, part in value.items()}
    if isinstance(value, list):
        return [spelled(part, spell) for part in value]
    return spell(value) if isinstance(value, str) and not isinstance(value, Unbroken) else value


def text_of(fields: Mapping[str, Any]) -> str:
    """One line of JSON; bytes of a file name that are no UTF-8 are escaped."""
    text = json.dumps(fields, ensure_ascii=False, allow_nan=False, default=str, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(fields, allow_nan=False, default=str, separators=(",", ":"))
    return text + "\n"


def bounded(fields: dict[str, Any], limit: int = MAX_BYTES, matters: Sequence[str] = ()) -> dict[str, Any]:
    """`fields` in at most `limit` bytes of JSON, if their paths, ids and figures fit; changes `fields`.

    The largest list, map or text is halved again and again, those in the fields `matters` only when nothing else is
    left. Lists keep their first entries.
    """
    if _size(fields) > limit:
        _cap(fields)
    for spared, min_entries in (
        (frozenset(matters), _MIN_ENTRIES),
        (frozenset[str](), _MIN_ENTRIES),
        (frozenset[str](), 0),
    ):
        while _size(fields) > limit and (parts := list(_parts(fields, spared, min_entries))):
            _, holder, key = max(parts, key=lambda part: part[0])
            _halve(holder, key)
    return fields


def _cap(holder: Any) -> None:
    for key, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
        if isinstance(value, list) and isinstance(holder, dict) and len(value) > _MAX_ENTRIES:
            holder[f"{key}_total"], holder[key] = len(value), value[:_MAX_ENTRIES]
        elif isinstance(value, str) and not isinstance(value, Unbroken) and len(value) > _MAX_TEXT:
            _halve(holder, key, 2 * _MAX_TEXT)
        if isinstance(holder[key], dict | list):
            _cap(holder[key])


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return len(text_of(value).encode())
    return len(text_of({"": value}).encode())


def _parts(holder: dict[str, Any] | list[Any], spared: frozenset[str], min_entries: int) -> Iterator[Part]:
    entries = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in entries:
        if key in spared:
            continue
        if _can_be_halved(value, min_entries):
            yield _size(value), holder, key
        if isinstance(value, dict | list):
            yield from _parts(value, frozenset(), min_entries)


def _can_be_halved(value: Any, min_entries: int) -> bool:
    if isinstance(value, str) and not isinstance(value, Unbroken):
        return len(value.encode(errors="replace")) > _MIN_TEXT + len(CUT) and " " in value
    if isinstance(value, list):
        return len(value) > min(min_entries, 1)
    return isinstance(value, dict) and len(value) > min_entries


def _halve(holder: Any, key: Any, longest: int = 2**31) -> None:
    value = holder[key]
    if isinstance(value, str):
        length = max(min(len(value), longest) // 2, _MIN_TEXT // 4)
        holder[key] = value.removesuffix(CUT)[:length].rpartition(" ")[0] + CUT
        return
    half = (len(value) + 1) // 2 if len(value) > 1 else 0
    if isinstance(holder, dict):
        own = [name for name in value if not (isinstance(name, str) and name.endswith("_total"))]
        holder.setdefault(f"{key}_total", len(own) if isinstance(value, dict) else len(value))
    holder[key] = value[:half] if isinstance(value, list) else dict(list(value.items())[:half])
