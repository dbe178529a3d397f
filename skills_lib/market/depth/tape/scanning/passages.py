"""Compiled passes over passages of rows: the books that diffs leave, and how far nothing happens that matters."""

from numba import njit

from skills_lib.market.depth.book.compiled import layout as book_at
from skills_lib.market.depth.book.compiled.apply import consume_at, scaled_top
from skills_lib.market.depth.book.compiled.memory import address_of, get, put
from skills_lib.market.depth.tape.scanning import layout as at

WORD = 8
ROW = WORD * at.COLUMNS
TOP_LEVELS = 20
BEST_WORDS, TOP_WORDS = 2, 4 * TOP_LEVELS
UNSOUND, SOUND, DEEP = range(3)
"""What compiled code made of a diff: nothing; a book with two sides; one of which each has TOP_LEVELS levels."""
READY, AGGREGATED, TRADES_FROM, TRADES_TO, MARKS_FROM, MARKS_TO = range(6)
WATCH_WORDS = 6
"""Of a symbol: whether its rows may be passed, whether its single trades are ignored because aggregates are there, and
from which price upwards and downwards trades and middles of the book matter. 1e-8."""
LAST_PRICE, TRADES, TICKERS, UPDATES, LAST_UPDATE, LATEST_MS, UPDATED_MS, CODE = range(8)
PASSED_WORDS = 8
"""Of rows that were passed: of one symbol, but for the latest event time of all, and what that was at its last diff."""
_MAX_PENDING = 512


@njit
def _field(row, column):
    return get(row + WORD * column)


@njit
def _is_of(row, symbol):
    return _field(row, at.KIND) != at.ORDINARY and _field(row, at.SYMBOL) == symbol


@njit
def _consume(text, row, book):
    origin = address_of(text)
    return consume_at(origin + _field(row, at.START), origin + _field(row, at.END), book)


@njit
def record(text, table, place, end, symbol, book, number, states, bests, tops, price_unit, quantity_unit):
    """Follow the diffs of a symbol in a book; what they leave is written at their numbers, from `number` on.

    Returns the first row whose diff compiled code does not finish, its code negative as its state, or `end`.
    """
    for n in range(place, end):
        row = table + ROW * n
        if _field(row, at.KIND) != at.DEPTH:
            continue
        if _field(row, at.SYMBOL) == symbol:
            code = _consume(text, row, book)
            if code > 1.0:
                put(states + WORD * number, -int(code))
                return n
            _write_best(book, bests + WORD * BEST_WORDS * number, price_unit)
            top = tops + WORD * TOP_WORDS * number
            deep = scaled_top(book, TOP_LEVELS, price_unit, quantity_unit, top)
            put(states + WORD * number, DEEP if deep else SOUND)
        number += 1
    return end


@njit
def _write_best(book, out, unit):
    for side in range(2):
        start = book + WORD * (book_at.SIDES + side * book_at.SIDE_SIZE)
        origin, best = get(start + WORD * book_at.ORIGIN), get(start + WORD * book_at.BEST)
        put(out + WORD * side, (origin + best if side else origin - best) * unit)


@njit
def quiet_end(table, place, end, number, states, bests, watched):  # noqa: C901, PLR0911
    """The first row from `place` on that must be played by itself, or `end`. watched: a block of each symbol."""
    for n in range(place, end):
        row = table + ROW * n
        kind = _field(row, at.KIND)
        if kind == at.ORDINARY:
            return n
        watch = watched + WORD * WATCH_WORDS * _field(row, at.SYMBOL)
        if not get(watch):
            return n
        if kind == at.DEPTH:
            if get(states + WORD * number) <= UNSOUND:
                return n
            best = bests + WORD * BEST_WORDS * number
            middle = (get(best) + get(best + WORD)) // 2
            if middle >= get(watch + WORD * MARKS_FROM) or middle <= get(watch + WORD * MARKS_TO):
                return n
            number += 1
        elif kind != at.TICKER:
            aggregated = get(watch + WORD * AGGREGATED)
            if kind == at.AGG_TRADE and not aggregated:
                return n
            price, counts = _field(row, at.FIRST), kind == at.AGG_TRADE or not aggregated
            if counts and (price >= get(watch + WORD * TRADES_FROM) or price <= get(watch + WORD * TRADES_TO)):
                return n
    return end


@njit
def pass_rows(text, table, place, end, symbol, watched, book, out):
    """Apply the diffs of a symbol to a book, if its address is not 0, and sum its rows up.

    Returns the row whose diff compiled code does not finish, its code written to `out`, or `end`. `out` is added to,
    so that the rest can be passed afterwards.
    """
    for n in range(place, end):
        row = table + ROW * n
        kind, watch = _field(row, at.KIND), watched + WORD * WATCH_WORDS * _field(row, at.SYMBOL)
        counts = kind != at.TRADE or not get(watch + WORD * AGGREGATED)
        if counts:
            put(out + WORD * LATEST_MS, max(get(out + WORD * LATEST_MS), _field(row, at.EVENT_MS)))
        if _field(row, at.SYMBOL) != symbol:
            continue
        if kind == at.DEPTH:
            _add_one(out, UPDATES)
            put(out + WORD * LAST_UPDATE, n)
            put(out + WORD * UPDATED_MS, get(out + WORD * LATEST_MS))
            code = _consume(text, row, book) if book else 0.0
            if code > 1.0:
                put(out + WORD * CODE, int(code))
                return n
        elif kind == at.TICKER:
            _add_one(out, TICKERS)
        else:
            _add_one(out, TRADES)
            if counts:
                put(out + WORD * LAST_PRICE, _field(row, at.FIRST))
    return end


@njit
def _add_one(out, word):
    put(out + WORD * word, get(out + WORD * word) + 1)


@njit
def matched_ms(row):
    """The matching time of a diff; its event time if it has none."""
    found = _field(row, at.MATCHED_MS)
    return found if found > 0 else _field(row, at.EVENT_MS)


@njit
def evidence_start(table, place, end, symbol, pending):
    """Where the evidence begins that counts behind the passage: the first ticker or trade that its last diff leaves.

    -1 if there is no diff, or if that may have been joined with earlier ones, as what comes in a burst is; `pending`
    messages were kept before the passage.
    """
    first, updates, tickers, trades, joined = place, 0, 0, 0, -1
    for n in range(place, end):
        row = table + ROW * n
        if not _is_of(row, symbol):
            continue
        kind = _field(row, at.KIND)
        if kind == at.DEPTH:
            updates += 1
            first, tickers, trades = _first_left(table, first, n, symbol, row)
            continue
        tickers, trades = tickers + (kind == at.TICKER), trades + (kind != at.TICKER)
        if pending + max(tickers, trades) > _MAX_PENDING:
            joined = n
    return first if updates and first > joined else -1


@njit
def _first_left(table, first, end, symbol, update):
    """The first ticker or trade that a diff does not supersede, and how many of both there are from there on."""
    number, matched, found, tickers, trades = _field(update, at.ID), matched_ms(update), end, 0, 0
    for n in range(first, end):
        row = table + ROW * n
        if not _is_of(row, symbol) or _field(row, at.KIND) == at.DEPTH:
            continue
        is_ticker = _field(row, at.KIND) == at.TICKER
        left = _field(row, at.ID) > number if is_ticker else _field(row, at.MATCHED_MS) >= matched
        if left and found == end:
            found = n
        tickers, trades = tickers + (is_ticker and found < end), trades + (not is_ticker and found < end)
    return found, tickers, trades
