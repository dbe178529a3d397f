"""Reads the JSON frames that clients send on streams and on the WebSocket API."""

from typing import Any

from live.simulator.http.endpoints.params import Digits, read_json


def read_frame(text: str | bytes) -> dict[str, Any]:
    """A JSON object; its numbers are `Digits`.

    Raises:
        ValueError: not JSON, nested too deeply, or not an object.
    """
    try:
        request = read_json(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(request, dict):
        raise ValueError("not a JSON object")
    return request


def frame_id(request: dict[str, Any]) -> int | str | None:
    """The id to answer with: an integer of 64 bits or text, else null."""
    number = request.get("id")
    if isinstance(number, Digits):
        return number.integer()
    return number if isinstance(number, str) else None
