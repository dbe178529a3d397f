"""Compiled reader of a flat JSON object with one-letter keys, in exactly the format Binance writes.

Rules take an address and return the one after what they read, or FAILED. The byte behind a block is zero, which no rule
accepts. What an object holds is written to `fields`: for each letter its type, its value or where its text begins, and
where its text ends.
"""

from numba import njit

from skills_lib.market.depth.book.compiled.memory import byte_at, get, put
from skills_lib.market.depth.tape.scanning.layout import NOTED

FAILED = 0
WORD = 8
NONE, INTEGER, TEXT, TRUE, FALSE, LEVELS = range(6)
FIELD = 3 * WORD
BIDS_NOTED, ASKS_NOTED, PREVIOUS, COIN = 128, 129, 130, 131
"""Fields beside those of the letters: of a diff its noted levels (count, most places), `pu`, and 1 where `st` is 2."""
FIELDS = 132

DIGITS = 8
_MAX_DIGITS, _MAX_TEXT = 17, 40
_ZERO, _NINE, _QUOTE, _COMMA, _DOT, _COLON = (ord(letter) for letter in '09",.:')
_OBJECT, _END_OBJECT, _LIST, _END_LIST, _BACKSLASH, _SPACE, _TILDE = (ord(letter) for letter in "{}[]\\ ~")
_B, _A, _P, _U, _S, _T = (ord(letter) for letter in "bapust")
_TRUE, _FALSE = (tuple(text) for text in (b"true", b"false"))

inlined = njit


@inlined
def type_of(fields, letter):
    """The type of a field."""
    return get(fields + FIELD * letter)


@inlined
def value_of(fields, letter):
    """The value of an integer, or the address of a text."""
    return get(fields + FIELD * letter + WORD)


@inlined
def end_of(fields, letter):
    """The address of the closing quote of a text."""
    return get(fields + FIELD * letter + 2 * WORD)


@inlined
def set_field(fields, letter, kind, value, end):
    """Write a field."""
    put(fields + FIELD * letter, kind)
    put(fields + FIELD * letter + WORD, value)
    put(fields + FIELD * letter + 2 * WORD, end)


@njit
def skip_text(cursor):
    """Skip plain text; returns the address of its closing quote."""
    while _SPACE <= byte_at(cursor) <= _TILDE and byte_at(cursor) not in (_QUOTE, _BACKSLASH):
        cursor += 1
    return cursor if byte_at(cursor) == _QUOTE else FAILED


@njit
def read_integer(cursor):
    """`123`: the address after it and its value; JSON forbids leading zeros."""
    first, value, byte = cursor, 0, byte_at(cursor)
    while _ZERO <= byte <= _NINE:
        value = value * 10 + byte - _ZERO
        cursor += 1
        byte = byte_at(cursor)
    digits = cursor - first
    if digits == 0 or digits > _MAX_DIGITS or (digits > 1 and byte_at(first) == _ZERO):
        return FAILED, 0
    return cursor, value


@njit
def read_object(cursor, fields):
    """The object at `cursor`."""
    if byte_at(cursor) != _OBJECT:
        return FAILED
    while True:
        if byte_at(cursor + 1) != _QUOTE:
            return FAILED
        first, last = cursor + 2, skip_text(cursor + 2)
        if last in (FAILED, first) or byte_at(last + 1) != _COLON:
            return FAILED
        cursor = _read_value(last + 2, _field_of(first, last), fields)
        if cursor == FAILED:
            return FAILED
        if byte_at(cursor) != _COMMA:
            return cursor + 1 if byte_at(cursor) == _END_OBJECT else FAILED


@inlined
def _field_of(first, last):
    """The field of a key; -1 for keys that are skipped."""
    letter = byte_at(first)
    if last - first == 1:
        return letter
    if last - first == 2 and letter == _P and byte_at(first + 1) == _U:
        return PREVIOUS
    return COIN if last - first == 2 and letter == _S and byte_at(first + 1) == _T else -1


@njit
def _read_value(cursor, field, fields):  # noqa: C901, PLR0911
    if field >= 0 and type_of(fields, field) != NONE:
        return FAILED
    byte = byte_at(cursor)
    if byte == _QUOTE:
        end = skip_text(cursor + 1)
        if end == FAILED:
            return FAILED
        if field >= 0:
            set_field(fields, field, TEXT, cursor + 1, end)
        return end + 1
    if byte == _LIST:
        return _read_levels(cursor, field, fields) if field in (_B, _A) else FAILED
    if _is_word(cursor, _TRUE):
        if field >= 0:
            set_field(fields, field, TRUE, 1, 0)
        return cursor + 4
    if _is_word(cursor, _FALSE):
        if field >= 0:
            set_field(fields, field, FALSE, 0, 0)
        return cursor + 5
    cursor, value = read_integer(cursor)
    if cursor != FAILED and field >= 0:
        set_field(fields, field, INTEGER, value, 0)
    return cursor


@inlined
def _is_word(cursor, word):
    for n in range(len(word)):  # noqa: SIM110
        if byte_at(cursor + n) != word[n]:
            return False
    return True


@njit
def _read_levels(cursor, field, fields):  # noqa: C901
    """`[["61659.70","1.486"],…]`: checked; the last bids and the first asks are noted."""
    at, count, noted, places = cursor + 1, 0, 0, 0
    recent = (0, 0, 0)  # of the last three bids: places + 1, 0 where a number is 0
    while byte_at(at) == _LIST:
        after_price, price_places, price = _read_number(at + 1)
        if after_price == FAILED or byte_at(after_price) != _COMMA:
            return FAILED
        after, _, quantity = _read_number(after_price + 1)
        if after == FAILED or byte_at(after) != _END_LIST:
            return FAILED
        entry = price_places + 1 if price and quantity else 0
        if field == _B:
            recent = (recent[1], recent[2], entry)
        elif count < NOTED and entry:
            noted, places = noted + 1, max(places, price_places)
        count += 1
        at = after + 1
        if byte_at(at) == _COMMA and byte_at(at + 1) == _LIST:
            at += 1
        elif byte_at(at) != _END_LIST:
            return FAILED
    if byte_at(at) != _END_LIST:
        return FAILED
    if field == _B:
        for entry in recent:
            if entry:
                noted, places = noted + 1, max(places, entry - 1)
    set_field(fields, BIDS_NOTED if field == _B else ASKS_NOTED, INTEGER, noted, places)
    set_field(fields, field, LEVELS, cursor, at)
    return at + 1


@inlined
def _read_number(cursor):
    """`"61659.70"`: the address after it, how many decimals it has, and whether it is above 0."""
    if byte_at(cursor) != _QUOTE:
        return FAILED, 0, False
    cursor += 1
    first, dot, above, byte = cursor, -1, False, byte_at(cursor)
    while True:
        if byte == _DOT and dot < 0 and cursor > first:
            dot = cursor
        elif _ZERO <= byte <= _NINE:
            above = above or byte != _ZERO
        else:
            break
        cursor += 1
        byte = byte_at(cursor)
    places = cursor - dot - 1 if dot >= 0 else 0
    if byte != _QUOTE or cursor == first or dot == cursor - 1 or cursor - first > _MAX_TEXT:
        return FAILED, 0, False
    return cursor + 1, places, above


@njit
def amount_of(fields, letter):  # noqa: C901
    """A text as a number in units of 1e-8 and its decimals; -1 if it has more than 8, 17 digits in all, or none."""
    if type_of(fields, letter) != TEXT:
        return -1, 0
    cursor, end = value_of(fields, letter), end_of(fields, letter)
    value, digits, places = 0, 0, -1
    if cursor == end or byte_at(cursor) == _DOT or byte_at(end - 1) == _DOT:
        return -1, 0
    while cursor < end:
        byte = byte_at(cursor)
        if byte == _DOT and places < 0:
            places = 0
        elif _ZERO <= byte <= _NINE:
            value, digits = value * 10 + byte - _ZERO, digits + 1
            places += places >= 0
        else:
            return -1, 0
        if digits > _MAX_DIGITS:
            return -1, 0
        cursor += 1
    places = max(places, 0)
    if places > DIGITS or digits - places + DIGITS > _MAX_DIGITS:
        return -1, 0
    for _ in range(DIGITS - places):
        value *= 10
    return value, places
