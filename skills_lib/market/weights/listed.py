"""The limits that an exchange lists: `rateLimits` of `exchangeInfo`."""

from typing import Final, NamedTuple

import msgspec

from skills_lib.domain.errors import CorruptDataError


class ListedLimits(NamedTuple):
    """Request weight a minute of an address; orders in ten seconds and in a minute of an account, 0 if not listed."""

    weight_per_minute: int
    orders_per_10_s: int
    orders_per_minute: int


class _Row(msgspec.Struct, rename="camel", gc=False):
    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int


class _Listing(msgspec.Struct, rename="camel", gc=False):
    rate_limits: list[_Row]


def listed_limits(listing: bytes) -> ListedLimits:
    """The limits of the body of `exchangeInfo`.

    Raises:
        CorruptDataError: it names no request weight a minute.
    """
    try:
        rows = _LISTING.decode(listing).rate_limits
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        rows = []
    found = {(row.rate_limit_type, row.interval_num, row.interval): max(0, row.limit) for row in rows}
    limits = ListedLimits(*(found.get(key, 0) for key in _KEYS))
    if not limits.weight_per_minute:
        raise CorruptDataError("The venue's exchangeInfo names no request weight a minute. Ask again.")
    return limits


_LISTING: Final = msgspec.json.Decoder(_Listing)
_KEYS: Final = (("REQUEST_WEIGHT", 1, "MINUTE"), ("ORDERS", 10, "SECOND"), ("ORDERS", 1, "MINUTE"))
