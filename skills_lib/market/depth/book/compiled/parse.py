"""The compiled parser: the form in which Binance writes a depth update, byte by byte, and nothing else.

Every rule takes the address where it begins and returns the address after what it read, or FAILED: the message then
goes the general way. A bytes object ends with a zero byte, which no rule accepts: that stops every loop in time.
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
_SHORTEST = 64

_SEEN_KIND, _SEEN_EVENT, _SEEN_SYMBOL, _SEEN_FIRST, _SEEN_FINAL, _SEEN_BIDS, _SEEN_ASKS = (1 << n for n in range(7))
_SEEN_PREVIOUS, _SEEN_TIME = 1 << 7, 1 << 8
_REQUIRED = (1 << 7) - 1


def _eight(text: bytes) -> int:
    """Bytes as the functions that take several at once give them."""
    return int.from_bytes(text, "little", signed=True)


_STREAM, _DATA = _eight(b'{"stream'), _eight(b',"data":')
_DEPTH, _DEPTH_MASK = _eight(b"@depth\0\0"), (1 << 48) - 1
_FIRST_LEVEL, _NEXT_LEVEL, _LAST_LEVEL = _eight(b':[["'), _eight(b'],["'), _eight(b"]]")
_EMPTY_LIST, _BETWEEN, _TWO, _THREE = _eight(b":[]"), _eight(b'","'), (1 << 16) - 1, (1 << 24) - 1
_KIND, _KIND_VALUE = _eight(b':"depthU'), _eight(b'pdate"\0\0')


@njit
def read_update(here, end, state):
    """Read the message from `here` to `end` into the block at `state`."""
    if end - here < _SHORTEST:
        return FAILED
    enveloped = eight_at(here) == _STREAM
    if enveloped:
        here = _read_stream(here + 8, end)
        if here == FAILED:
            return FAILED
    here = _read_payload(here, end, state)
    if enveloped and here != FAILED:
        here = _skip(here, _END_OBJECT)
    return here if here == end else FAILED


@njit
def _skip(here, byte):
    return here + 1 if byte_at(here) == byte else FAILED


@njit
def _read_stream(here, end):
    """`":"btcusdt@depth@100ms","data":`; a partial stream such as @depth5 is no diff and goes the general way."""
    if byte_at(here) != _QUOTE or byte_at(here + 1) != _COLON or byte_at(here + 2) != _QUOTE:
        return FAILED
    here += 3
    while _SPACE <= byte_at(here) <= _TILDE and byte_at(here) not in (_AT, _QUOTE, _BACKSLASH):
        here += 1
    if end - here < _SHORTEST or (eight_at(here) & _DEPTH_MASK) != _DEPTH:
        return FAILED
    here += 6
    if byte_at(here) not in (_AT, _QUOTE):
        return FAILED
    while _SPACE <= byte_at(here) <= _TILDE and byte_at(here) not in (_QUOTE, _BACKSLASH):
        here += 1
    if byte_at(here) != _QUOTE or end - here < _SHORTEST or eight_at(here + 1) != _DATA:
        return FAILED
    return here + 9


@njit
def _read_payload(here, end, state):  # noqa: C901, PLR0911, PLR0912, PLR0915
    """The object with `e`, `E`, `T`, `s`, `U`, `u`, `pu`, `b` and `a`, each at most once, and others that are plain."""
    seen = 0
    if byte_at(here) != _OBJECT:
        return FAILED
    while True:
        if byte_at(here + 1) != _QUOTE:
            return FAILED
        key, here = byte_at(here + 2), here + 3
        mark, slot = 0, 0
        if not _SPACE <= key <= _TILDE or key in (_QUOTE, _BACKSLASH):
            return FAILED
        if key == _P and byte_at(here) == _U and byte_at(here + 1) == _QUOTE:
            mark, slot, here = _SEEN_PREVIOUS, at.PREVIOUS_ID, here + 1
        elif byte_at(here) != _QUOTE:
            here = _skip_text(here)
            if here == FAILED:
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
        here += 1
        if mark & (_SEEN_BIDS | _SEEN_ASKS):
            here = _read_levels(here, slot, state)
        elif mark == _SEEN_KIND:
            here = _read_kind(here, end)
        elif mark == _SEEN_SYMBOL:
            here = _read_symbol(here, state)
        elif mark == 0 and byte_at(here + 1) == _QUOTE:
            here = _skip_text(here + 2) if byte_at(here) == _COLON else FAILED
            here = here + 1 if here != FAILED else FAILED
        else:
            here = _read_integer(here, state + WORD * (slot if mark else at.OTHER))
        if here == FAILED:
            return FAILED
        if byte_at(here) != _COMMA:
            break
    if not seen & _SEEN_TIME:
        put(state + WORD * at.TRANSACTION_TS, 0)
    if not seen & _SEEN_PREVIOUS:
        put(state + WORD * at.PREVIOUS_ID, -1)
    return _skip(here, _END_OBJECT) if seen & _REQUIRED == _REQUIRED else FAILED


@njit
def _skip_text(here):
    """Plain text up to its closing quote, where this stands."""
    while _SPACE <= byte_at(here) <= _TILDE and byte_at(here) not in (_QUOTE, _BACKSLASH):
        here += 1
    return here if byte_at(here) == _QUOTE else FAILED


@njit
def _read_kind(here, end):
    """`:"depthUpdate"`."""
    if end - here < _SHORTEST or eight_at(here) != _KIND:
        return FAILED
    return here + 14 if (eight_at(here + 8) & _DEPTH_MASK) == _KIND_VALUE else FAILED


@njit
def _read_symbol(here, state):
    """`:"BTCUSDT"`, the book's own."""
    if byte_at(here) != _COLON or byte_at(here + 1) != _QUOTE:
        return FAILED
    here += 2
    length = get(state + WORD * at.SYMBOL_LENGTH)
    for n in range(length):
        if byte_at(here + n) != get(state + WORD * (at.SYMBOL + n)):
            return FAILED
    return _skip(here + length, _QUOTE)


@njit
def _read_integer(here, slot):
    """`:123`, written to the word at address `slot`; JSON knows no leading zeros."""
    if byte_at(here) != _COLON:
        return FAILED
    here += 1
    first, value, byte = here, 0, byte_at(here)
    while _ZERO <= byte <= _NINE:
        value = value * 10 + byte - _ZERO
        here += 1
        byte = byte_at(here)
    digits = here - first
    if digits == 0 or digits > _MAX_DIGITS or (digits > 1 and byte_at(first) == _ZERO):
        return FAILED
    put(slot, value)
    return here


@njit
def _read_levels(here, side, state):  # noqa: C901, PLR0915
    """`:[["61659.70","1.486"],…]`: pairs of position and quantity into PARSED, and how many of them are far."""
    price_decimals, price_zeros = get(state + WORD * at.PRICE_DECIMALS), get(state + WORD * at.PRICE_ZEROS)
    quantity_decimals, quantity_zeros = get(state + WORD * at.QUANTITY_DECIMALS), get(state + WORD * at.QUANTITY_ZEROS)
    origin = get(state + WORD * (at.SIDES + side * at.SIDE_SIZE + at.ORIGIN))
    first = place = state + WORD * (at.PARSED + side * at.PARSED_SIDE)
    last, far = place + 2 * WORD * MAX_LEVELS, 0
    is_empty = four_at(here) & _THREE == _EMPTY_LIST
    if not is_empty and four_at(here) != _FIRST_LEVEL:
        return FAILED
    here += 2 if is_empty else 4
    while not is_empty:
        price, here = _read_number(here, price_decimals, price_zeros)
        if price <= 0 or four_at(here) & _THREE != _BETWEEN:
            return FAILED
        quantity, here = _read_number(here + 3, quantity_decimals, quantity_zeros)
        if quantity < 0 or byte_at(here) != _QUOTE or place == last:
            return FAILED
        position = price - origin if side else origin - price
        if position >= WINDOW:
            far += 1
        elif position < 0 and quantity:
            return FAILED
        put(place, position)
        put(place + WORD, quantity)
        place += 2 * WORD
        behind = four_at(here + 1)
        if behind == _NEXT_LEVEL:
            here += 5
        elif behind & _TWO == _LAST_LEVEL:
            here += 2
            break
        else:
            return FAILED
    put(state + WORD * (at.COUNTS + side), (place - first) // (2 * WORD))
    put(state + WORD * (at.FAR_COUNTS + side), far)
    return here + 1


@inlined
def _read_number(here, decimals, zeros):  # noqa: C901
    """`61659.70`: its value in units and the address behind it; -1 where it is not written as the venue writes.

    A byte at a time: how many there are is foretold by the processor, so this beats taking eight at once.
    """
    first, value, byte = here, 0, byte_at(here)
    while _ZERO <= byte <= _NINE:
        value = value * 10 + byte - _ZERO
        here += 1
        byte = byte_at(here)
    if here == first or here - first + decimals > _MAX_DIGITS:
        return -1, here
    if decimals + zeros:
        if byte != _DOT:
            return -1, here
        here += 1
    for _ in range(decimals):
        byte = byte_at(here)
        if not _ZERO <= byte <= _NINE:
            return -1, here
        value = value * 10 + byte - _ZERO
        here += 1
    for _ in range(zeros):
        if byte_at(here) != _ZERO:
            return -1, here
        here += 1
    return value, here
