"""Compiled scanner: lines of a block to rows of its table."""

from numba import njit

from skills_lib.market.depth.book.compiled.memory import address_of, byte_at, get, put
from skills_lib.market.depth.tape.scanning import layout as at
from skills_lib.market.depth.tape.scanning.objects import (
    ASKS_NOTED,
    BIDS_NOTED,
    COIN,
    FAILED,
    FIELD,
    FIELDS,
    INTEGER,
    LEVELS,
    NONE,
    PREVIOUS,
    TEXT,
    TRUE,
    WORD,
    amount_of,
    end_of,
    inlined,
    read_object,
    skip_text,
    type_of,
    value_of,
)

_LF, _CR, _SPACE, _END_OBJECT, _ZERO, _NINE, _AT, _QUOTE = (ord(letter) for letter in '\n\r }09@"')
_STREAM, _DATA, _DEPTH = (tuple(text) for text in (b'{"stream":"', b'","data":', b"@depth"))
_TICKER_NAME, _TRADE_NAME, _AGG_TRADE_NAME, _DEPTH_NAME, _MARKET = (
    tuple(text) for text in (b"bookTicker", b"trade", b"aggTrade", b"depthUpdate", b"MARKET")
)
_E, _EVENT, _TIME, _S, _U, _FIRST_ID, _T, _A, _M, _X, _P, _Q, _B, _BID_Q, _ASK_Q, _F, _L = (
    ord(letter) for letter in "eETsuUtamXpqbBAfl"
)
_STAMP = 19
_MS_FROM, _US_FROM = 10**11, 10**14


@njit
def count_lines(block):
    """How many lines a block has."""
    cursor, lines = address_of(block), 0
    end = cursor + len(block)
    while cursor < end:
        cursor = _next_line(_line_end(cursor, end), end)
        lines += 1
    return lines


@njit
def scan(block, table, symbols, fields):
    """Write a row for each line to the table at an address; `symbols` gains those that are new."""
    origin = address_of(block)
    cursor, end, row = origin, origin + len(block), table
    while cursor < end:
        stop = _line_end(cursor, end)
        put(row + WORD * at.LINE_START, cursor - origin)
        put(row + WORD * at.END, stop - origin)
        _scan_line(cursor, stop, origin, row, symbols, fields)
        cursor, row = _next_line(stop, end), row + WORD * at.COLUMNS
    return (row - table) // (WORD * at.COLUMNS)


@inlined
def _line_end(cursor, end):
    while cursor < end and byte_at(cursor) != _LF and byte_at(cursor) != _CR:
        cursor += 1
    return cursor


@inlined
def _next_line(stop, end):
    """The address behind the end of a line: LF, CR or CRLF."""
    both = stop + 1 < end and byte_at(stop) == _CR and byte_at(stop + 1) == _LF
    return min(stop + 2 if both else stop + 1, end)


@njit
def _scan_line(cursor, stop, origin, row, symbols, fields):
    put(row + WORD * at.KIND, at.ORDINARY)
    put(row + WORD * at.LOCAL_NS, -1)
    start = cursor
    if _ZERO <= byte_at(cursor) <= _NINE:
        start = _read_stamp(cursor, row)
    put(row + WORD * at.START, start - origin)
    if start == FAILED or not _is_text(start, _STREAM):
        return
    stream = start + len(_STREAM)
    name_end = skip_text(stream)
    if name_end == FAILED or not _is_text(name_end, _DATA):
        return
    for letter in (_E, _EVENT, _TIME, _S, _U, _FIRST_ID, _T, _A, _M, _X, _P, _Q, _B, _BID_Q, _ASK_Q, _F, _L):
        put(fields + FIELD * letter, NONE)
    for field in range(BIDS_NOTED, FIELDS):
        put(fields + FIELD * field, NONE)
    after = read_object(name_end + len(_DATA), fields)
    if after == FAILED or byte_at(after) != _END_OBJECT or after + 1 != stop:
        return
    kind = _read_kind(stream, name_end, row, fields)
    if kind != at.ORDINARY and _read_common(row, symbols, fields):
        put(row + WORD * at.KIND, kind)


@inlined
def _read_stamp(cursor, row):
    """`1723161255030314667 `, in nanoseconds; other times are left to Python."""
    value = 0
    for n in range(_STAMP):
        byte = byte_at(cursor + n)
        if not _ZERO <= byte <= _NINE:
            return FAILED
        value = value * 10 + byte - _ZERO
    if byte_at(cursor + _STAMP) != _SPACE or byte_at(cursor) == _NINE:
        return FAILED
    put(row + WORD * at.LOCAL_NS, value)
    return cursor + _STAMP + 1


@inlined
def _is_text(cursor, text):
    for n in range(len(text)):  # noqa: SIM110
        if byte_at(cursor + n) != text[n]:
            return False
    return True


@inlined
def _is_value(fields, letter, text):
    """Whether a field is this text."""
    if type_of(fields, letter) != TEXT or end_of(fields, letter) - value_of(fields, letter) != len(text):
        return False
    return _is_text(value_of(fields, letter), text)


@njit
def _read_common(row, symbols, fields):
    """Event time in milliseconds and symbol."""
    event = value_of(fields, _EVENT)
    if type_of(fields, _EVENT) != INTEGER or type_of(fields, _S) != TEXT or not _MS_FROM <= event < _US_FROM:
        return False
    number = _symbol_number(value_of(fields, _S), end_of(fields, _S), symbols)
    put(row + WORD * at.EVENT_MS, event)
    put(row + WORD * at.SYMBOL, number)
    return number >= 0


@njit
def _symbol_number(first, last, symbols):
    length, count = last - first, get(symbols)
    if not 0 < length <= at.MAX_SYMBOL:
        return -1
    for number in range(count):
        place, same = symbols + WORD * (at.SYMBOLS + number * at.SYMBOL_WORDS), True
        if get(place) != length:
            continue
        for n in range(length):
            same = same and get(place + WORD * (1 + n)) == byte_at(first + n)
        if same:
            return number
    if count == at.MAX_SYMBOLS:
        return -1
    place = symbols + WORD * (at.SYMBOLS + count * at.SYMBOL_WORDS)
    put(place, length)
    for n in range(length):
        put(place + WORD * (1 + n), byte_at(first + n))
    put(symbols, count + 1)
    return count


@njit
def _read_kind(stream, name_end, row, fields):
    if _is_value(fields, _E, _TICKER_NAME):
        return _read_ticker(row, fields)
    if _is_value(fields, _E, _TRADE_NAME):
        ordinary = type_of(fields, _X) == NONE or _is_value(fields, _X, _MARKET)
        return _read_trade(row, fields, _T, at.TRADE) if ordinary else at.ORDINARY
    if _is_value(fields, _E, _AGG_TRADE_NAME):
        whole = type_of(fields, _F) == INTEGER and type_of(fields, _L) == INTEGER
        return _read_trade(row, fields, _A, at.AGG_TRADE) if whole else at.ORDINARY
    if _is_value(fields, _E, _DEPTH_NAME) and _is_diff_stream(stream, name_end):
        return _read_depth(row, fields)
    return at.ORDINARY


@inlined
def _is_diff_stream(stream, name_end):
    """`btcusdt@depth` or `btcusdt@depth@100ms`; partial streams such as `@depth5` are no diffs."""
    while stream < name_end and byte_at(stream) != _AT:
        stream += 1
    return _is_text(stream, _DEPTH) and byte_at(stream + len(_DEPTH)) in (_AT, _QUOTE)


@njit
def _read_ticker(row, fields):
    bid, places = amount_of(fields, _B)
    bid_quantity, _ = amount_of(fields, _BID_Q)
    ask, _ = amount_of(fields, _A)
    ask_quantity, _ = amount_of(fields, _ASK_Q)
    integers = type_of(fields, _U) == INTEGER and type_of(fields, _TIME) == INTEGER
    if not integers or bid <= 0 or min(bid_quantity, ask, ask_quantity) < 0:
        return at.ORDINARY
    _put_numbers(row, value_of(fields, _U), value_of(fields, _TIME), places)
    _put_amounts(row, bid, bid_quantity, ask, ask_quantity)
    return at.TICKER


@njit
def _read_trade(row, fields, number, kind):
    price, places = amount_of(fields, _P)
    quantity, _ = amount_of(fields, _Q)
    integers = type_of(fields, number) == INTEGER and type_of(fields, _TIME) == INTEGER
    if not integers or price <= 0 or quantity <= 0 or type_of(fields, _M) < TRUE:
        return at.ORDINARY
    _put_numbers(row, value_of(fields, number), value_of(fields, _TIME), places)
    _put_amounts(row, price, quantity, value_of(fields, _M), 0)
    return kind


@njit
def _read_depth(row, fields):
    integers = type_of(fields, _U) == INTEGER and type_of(fields, _FIRST_ID) == INTEGER
    lists = type_of(fields, _B) == LEVELS and type_of(fields, _A) == LEVELS
    coin = type_of(fields, COIN) != NONE and (type_of(fields, COIN) != INTEGER or value_of(fields, COIN) == 2)
    if not integers or not lists or coin or type_of(fields, PREVIOUS) != INTEGER:
        return at.ORDINARY
    if type_of(fields, _TIME) not in (NONE, INTEGER):
        return at.ORDINARY
    matched = value_of(fields, _TIME) if type_of(fields, _TIME) == INTEGER else -1
    places = max(end_of(fields, BIDS_NOTED), end_of(fields, ASKS_NOTED))
    _put_numbers(row, value_of(fields, _U), matched, places)
    noted = value_of(fields, BIDS_NOTED) + value_of(fields, ASKS_NOTED)
    _put_amounts(row, value_of(fields, _FIRST_ID), value_of(fields, PREVIOUS), noted, 0)
    return at.DEPTH


@inlined
def _put_numbers(row, number, matched, places):
    put(row + WORD * at.ID, number)
    put(row + WORD * at.MATCHED_MS, matched)
    put(row + WORD * at.PLACES, places)


@inlined
def _put_amounts(row, first, second, third, fourth):
    put(row + WORD * at.FIRST, first)
    put(row + WORD * at.SECOND, second)
    put(row + WORD * at.THIRD, third)
    put(row + WORD * at.FOURTH, fourth)
