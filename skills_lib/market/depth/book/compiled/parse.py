"""Compiled parser for depth updates in exactly the format Binance writes.

Every rule takes a start address and returns the address after what it read, or FAILED: the message then takes the
general path. A bytes object ends with a zero byte, which no rule accepts, so every loop stops there.
"""

from numba import njit

from skills_lib.market.depth.book.compiled import layout as at
from skills_lib.market.depth.book.compiled.layout import MAX_LEVELS, WINDOW, WORD
from skills_lib.market.depth.book.compiled.memory import byte_at, eight_at, four_at, get, put

FAILED = 0

inlined = njit(forceinline=True)

_ZERO, _NINE, _QUOTE, _COMMA, _DOT, _COLON = (ord(letter) for letter in '09",.:')
_OBJECT, _END_OBJECT, _LIST, _END_LIST, _BACKSLASH, _AT, _SPACE, _TILDE = (ord(letter) for letter in "{}[]\\@ ~")
_A, _B, _E, _P, _S, _U, _EVENT, _TIME, _FIRST = (ord(letter) for letter in "abepsuETU")
_MAX_DIGITS = 17
_MIN_BYTES = 64

_SEEN_KIND, _SEEN_EVENT, _SEEN_SYMBOL, _SEEN_FIRST, _SEEN_FINAL, _SEEN_BIDS, _SEEN_ASKS = (1 << n for n in range(7))
_SEEN_PREVIOUS, _SEEN_TIME = 1 << 7, 1 << 8
_REQUIRED = (1 << 7) - 1


def _eight(text: bytes) -> int:
    """Bytes as a little-endian integer, as `eight_at` and `four_at` return them."""
    return int.from_bytes(text, "little", signed=True)


_STREAM, _DATA = _eight(b'{"stream'), _eight(b',"data":')
_DEPTH, _DEPTH_MASK = _eight(b"@depth\0\0"), (1 << 48) - 1
_FIRST_LEVEL, _NEXT_LEVEL, _LAST_LEVEL = _eight(b':[["'), _eight(b'],["'), _eight(b"]]")
_EMPTY_LIST, _BETWEEN, _TWO, _THREE = _eight(b":[]"), _eight(b'","'), (1 << 16) - 1, (1 << 24) - 1
_KIND, _KIND_VALUE = _eight(b':"depthU'), _eight(b'pdate"\0\0')


@njit
def read_update(cursor, end, state):
    """Read the message from `cursor` to `end` into the block at `state`."""
    if end - cursor < _MIN_BYTES:
        return FAILED
    enveloped = eight_at(cursor) == _STREAM
    if enveloped:
        cursor = _read_stream(cursor + 8, end)
        if cursor == FAILED:
            return FAILED
    cursor = _read_payload(cursor, end, state)
    if enveloped and cursor != FAILED:
        cursor = _skip(cursor, _END_OBJECT)
    return cursor if cursor == end else FAILED


@njit
def _skip(cursor, byte):
    return cursor + 1 if byte_at(cursor) == byte else FAILED


@njit
def _read_stream(cursor, end):
    """`":"btcusdt@depth@100ms","data":`; partial streams such as @depth5 are not diffs and take the general path."""
    if byte_at(cursor) != _QUOTE or byte_at(cursor + 1) != _COLON or byte_at(cursor + 2) != _QUOTE:
        return FAILED
    cursor += 3
    while _SPACE <= byte_at(cursor) <= _TILDE and byte_at(cursor) not in (_AT, _QUOTE, _BACKSLASH):
        cursor += 1
    if end - cursor < _MIN_BYTES or (eight_at(cursor) & _DEPTH_MASK) != _DEPTH:
        return FAILED
    cursor += 6
    if byte_at(cursor) not in (_AT, _QUOTE):
        return FAILED
    while _SPACE <= byte_at(cursor) <= _TILDE and byte_at(cursor) not in (_QUOTE, _BACKSLASH):
        cursor += 1
    if byte_at(cursor) != _QUOTE or end - cursor < _MIN_BYTES or eight_at(cursor + 1) != _DATA:
        return FAILED
    return cursor + 9


@njit
def _read_payload(cursor, end, state):  # noqa: C901, PLR0911, PLR0912, PLR0915
    """The object with `e`, `E`, `T`, `s`, `U`, `u`, `pu`, `b` and `a`, each at most once, and other plain fields."""
    seen = 0
    if byte_at(cursor) != _OBJECT:
        return FAILED
    while True:
        if byte_at(cursor + 1) != _QUOTE:
            return FAILED
        key, cursor = byte_at(cursor + 2), cursor + 3
        mark, slot = 0, 0
        if not _SPACE <= key <= _TILDE or key in (_QUOTE, _BACKSLASH):
            return FAILED
        if key == _P and byte_at(cursor) == _U and byte_at(cursor + 1) == _QUOTE:
            mark, slot, cursor = _SEEN_PREVIOUS, at.PREVIOUS_ID, cursor + 1
        elif byte_at(cursor) != _QUOTE:
            cursor = _skip_text(cursor)
            if cursor == FAILED:
                return FAILED
        elif key == _EVENT:
            mark, slot = _SEEN_EVENT, at.EVENT_TS
        elif key == _TIME:
            mark, slot = _SEEN_TIME, at.TRANSACTION_TS
        elif key == _FIRST:
            mark, slot = _SEEN_FIRST, at.FIRST_ID
        elif key == _U:
            mark, slot = _SEEN_FINAL, at.FINAL_ID
        elif key == _E:
            mark = _SEEN_KIND
        elif key == _S:
            mark = _SEEN_SYMBOL
        elif key == _B:
            mark = _SEEN_BIDS
        elif key == _A:
            mark, slot = _SEEN_ASKS, 1
        if seen & mark:
            return FAILED
        seen |= mark
        cursor += 1
        if mark & (_SEEN_BIDS | _SEEN_ASKS):
            cursor = _read_levels(cursor, slot, state)
        elif mark == _SEEN_KIND:
            cursor = _read_kind(cursor, end)
        elif mark == _SEEN_SYMBOL:
            cursor = _read_symbol(cursor, state)
        elif mark == 0 and byte_at(cursor + 1) == _QUOTE:
            cursor = _skip_text(cursor + 2) if byte_at(cursor) == _COLON else FAILED
            cursor = cursor + 1 if cursor != FAILED else FAILED
        else:
            cursor = _read_integer(cursor, state + WORD * (slot if mark else at.UNUSED))
        if cursor == FAILED:
            return FAILED
        if byte_at(cursor) != _COMMA:
            break
    if not seen & _SEEN_TIME:
        put(state + WORD * at.TRANSACTION_TS, 0)
    if not seen & _SEEN_PREVIOUS:
        put(state + WORD * at.PREVIOUS_ID, -1)
    return _skip(cursor, _END_OBJECT) if seen & _REQUIRED == _REQUIRED else FAILED


@njit
def _skip_text(cursor):
    """Skip plain text; returns the address of its closing quote."""
    while _SPACE <= byte_at(cursor) <= _TILDE and byte_at(cursor) not in (_QUOTE, _BACKSLASH):
        cursor += 1
    return cursor if byte_at(cursor) == _QUOTE else FAILED


@njit
def _read_kind(cursor, end):
    """`:"depthUpdate"`."""
    if end - cursor < _MIN_BYTES or eight_at(cursor) != _KIND:
        return FAILED
    return cursor + 14 if (eight_at(cursor + 8) & _DEPTH_MASK) == _KIND_VALUE else FAILED


@njit
def _read_symbol(cursor, state):
    """`:"BTCUSDT"`, the book's own."""
    if byte_at(cursor) != _COLON or byte_at(cursor + 1) != _QUOTE:
        return FAILED
    cursor += 2
    length = get(state + WORD * at.SYMBOL_LENGTH)
    for n in range(length):
        if byte_at(cursor + n) != get(state + WORD * (at.SYMBOL + n)):
            return FAILED
    return _skip(cursor + length, _QUOTE)


@njit
def _read_integer(cursor, slot):
    """`:123`, written to the word at address `slot`; JSON forbids leading zeros."""
    if byte_at(cursor) != _COLON:
        return FAILED
    cursor += 1
    first, value, byte = cursor, 0, byte_at(cursor)
    while _ZERO <= byte <= _NINE:
        value = value * 10 + byte - _ZERO
        cursor += 1
        byte = byte_at(cursor)
    digits = cursor - first
    if digits == 0 or digits > _MAX_DIGITS or (digits > 1 and byte_at(first) == _ZERO):
        return FAILED
    put(slot, value)
    return cursor


@njit
def _read_levels(cursor, side, state):  # noqa: C901, PLR0915
    """`:[["61659.70","1.486"],…]`: pairs of position and quantity into PARSED, and how many of them are far."""
    price_decimals, price_zeros = get(state + WORD * at.PRICE_DECIMALS), get(state + WORD * at.PRICE_ZEROS)
    quantity_decimals, quantity_zeros = get(state + WORD * at.QUANTITY_DECIMALS), get(state + WORD * at.QUANTITY_ZEROS)
    origin = get(state + WORD * (at.SIDES + side * at.SIDE_SIZE + at.ORIGIN))
    first = place = state + WORD * (at.PARSED + side * at.PARSED_SIDE)
    last, far = place + 2 * WORD * MAX_LEVELS, 0
    is_empty = four_at(cursor) & _THREE == _EMPTY_LIST
    if not is_empty and four_at(cursor) != _FIRST_LEVEL:
        return FAILED
    cursor += 2 if is_empty else 4
    while not is_empty:
        price, cursor = _read_number(cursor, price_decimals, price_zeros)
        if price <= 0 or four_at(cursor) & _THREE != _BETWEEN:
            return FAILED
        quantity, cursor = _read_number(cursor + 3, quantity_decimals, quantity_zeros)
        if quantity < 0 or byte_at(cursor) != _QUOTE or place == last:
            return FAILED
        position = price - origin if side else origin - price
        if position >= WINDOW:
            far += 1
        elif position < 0 and quantity:
            return FAILED
        put(place, position)
        put(place + WORD, quantity)
        place += 2 * WORD
        next_bytes = four_at(cursor + 1)
        if next_bytes == _NEXT_LEVEL:
            cursor += 5
        elif next_bytes & _TWO == _LAST_LEVEL:
            cursor += 2
            break
        else:
            return FAILED
    put(state + WORD * (at.COUNTS + side), (place - first) // (2 * WORD))
    put(state + WORD * (at.FAR_COUNTS + side), far)
    return cursor + 1


@inlined
def _read_number(cursor, decimals, zeros):  # noqa: C901
    """`61659.70`: its value in units and the address after it; the value is -1 if the format differs.

    Reads byte by byte: the length is well predicted, which makes this faster than reading eight at once.
    """
    first, value, byte = cursor, 0, byte_at(cursor)
    while _ZERO <= byte <= _NINE:
        value = value * 10 + byte - _ZERO
        cursor += 1
        byte = byte_at(cursor)
    if cursor == first or cursor - first + decimals > _MAX_DIGITS:
        return -1, cursor
    if decimals + zeros:
        if byte != _DOT:
            return -1, cursor
        cursor += 1
    for _ in range(decimals):
        byte = byte_at(cursor)
        if not _ZERO <= byte <= _NINE:
            return -1, cursor
        value = value * 10 + byte - _ZERO
        cursor += 1
    for _ in range(zeros):
        if byte_at(cursor) != _ZERO:
            return -1, cursor
        cursor += 1
    return value, cursor
