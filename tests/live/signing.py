"""Signatures as clients make them: HMAC-SHA256 over the query and body, or over the sorted parameters of a call."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from live.simulator.settings import DEFAULT_SECRET


def sign(text: str, secret: str = DEFAULT_SECRET) -> str:
    """The signature of a text."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed_query(fields: Mapping[str, Any], secret: str = DEFAULT_SECRET) -> str:
    """A query with its signature last."""
    query = urlencode(fields)
    return f"{query}&signature={sign(query, secret)}"


def signed_params(params: Mapping[str, Any], secret: str = DEFAULT_SECRET) -> dict[str, Any]:
    """Parameters of a call of the WebSocket API with their signature."""
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return dict(params) | {"signature": sign(text, secret)}
