"""Compiled updates: sets levels by position, finds the best level and computes the imbalance."""

from numba import njit

from skills_lib.market.depth.book.compiled import layout as at
from skills_lib.market.depth.book.compiled.layout import BITS, WINDOW, WORD
from skills_lib.market.depth.book.compiled.memory import address_of, get, lowest_bit, put
from skills_lib.market.depth.book.compiled.parse import FAILED, read_update

GENERAL = 9.0
"""The message is not the next in sequence or not in the expected format: nothing was changed."""

RECENTRE = 8.0
"""The update was applied, but a side's window must be re-centred before its top can be read."""

UNSOUND = 7.0
"""The update was applied; a side is empty, or the best bid is not below the best ask."""

_LARGEST = 2**62
_LAST_BIT = BITS - 1
_WORD_SHIFT = 6


@njit
def consume(raw, state):
    """Apply one message of a depth stream to the block at address `state`.

    Returns the imbalance of the top, -1 to 1, or one of GENERAL, RECENTRE and UNSOUND.
    """
    start = address_of(raw)
    return consume_at(start, start + len(raw), state)


@njit
def consume_at(start, end, state):
    """As `consume`, for a message at an address; the byte behind it is one that no message holds."""
    if read_update(start, end, state) == FAILED or not _follows(state):
        return GENERAL
    capacity = get(state + WORD * at.FAR_CAPACITY)
    for side in range(2):
        known_far = get(state + WORD * (at.SIDES + side * at.SIDE_SIZE + at.FAR_COUNT))
        if known_far + get(state + WORD * (at.FAR_COUNTS + side)) > capacity:
            return GENERAL
    apply_parsed(state)
    _remember(state)
    return summary(state)


@njit
def _remember(state):
    """Keep the ids of the applied update, by which repeats are recognised."""
    count = get(state + WORD * at.RECENT_COUNT)
    place = state + WORD * (at.RECENT + at.RECENT_FIELDS * (count & (at.RECENT_SIZE - 1)))
    put(place, get(state + WORD * at.FIRST_ID))
    put(place + WORD, get(state + WORD * at.FINAL_ID))
    put(place + 2 * WORD, get(state + WORD * at.PREVIOUS_ID))
    put(state + WORD * at.RECENT_COUNT, count + 1)


@njit
def _follows(state):
    """Whether the parsed update is the one after the book's: U6 and S7 of sequencer.py."""
    first, final = get(state + WORD * at.FIRST_ID), get(state + WORD * at.FINAL_ID)
    update_id, previous = get(state + WORD * at.UPDATE_ID), get(state + WORD * at.PREVIOUS_ID)
    if not get(state + WORD * at.FOLLOWING) or first > final:
        return False
    if get(state + WORD * at.CHAINED):
        return previous == update_id and first > previous
    return first == update_id + 1


@njit
def apply_parsed(state):
    """Set the levels in PARSED; capacity is checked before."""
    for side in range(2):
        _apply_side(state, side)
    put(state + WORD * at.UPDATE_ID, get(state + WORD * at.FINAL_ID))
    put(state + WORD * at.BOOK_EVENT_TS, get(state + WORD * at.EVENT_TS))
    put(state + WORD * at.BOOK_TRANSACTION_TS, get(state + WORD * at.TRANSACTION_TS))


@njit
def _apply_side(state, side):
    side_start = state + WORD * (at.SIDES + side * at.SIDE_SIZE)
    words, bitmap_level, quantities = (
        side_start + WORD * at.WORDS,
        side_start + WORD * at.BITMAP_LEVEL,
        side_start + WORD * at.QUANTITIES,
    )
    place = state + WORD * (at.PARSED + side * at.PARSED_SIDE)
    count, best = get(side_start + WORD * at.DENSE_COUNT), get(side_start + WORD * at.BEST)
    for _ in range(get(state + WORD * (at.COUNTS + side))):
        position, quantity = get(place), get(place + WORD)
        place += 2 * WORD
        if position >= WINDOW:
            _set_far(state, side, position, quantity)
            continue
        if position < 0:  # deletes a level better than the window, so it does not exist
            continue
        slot = quantities + WORD * position
        exists, existed = int(quantity != 0), int(get(slot) != 0)
        put(slot, quantity)
        # Branch-free: insert or delete is unpredictable for the processor.
        word = words + WORD * (position >> _WORD_SHIFT)
        bits = (get(word) & ~(1 << (position & _LAST_BIT))) | (exists << (position & _LAST_BIT))
        put(word, bits)
        upper, bit = bitmap_level + WORD * (position >> 2 * _WORD_SHIFT), (position >> _WORD_SHIFT) & _LAST_BIT
        put(upper, (get(upper) & ~(1 << bit)) | (int(bits != 0) << bit))
        count += exists - existed
        if exists and position < best:
            best = position
    put(side_start + WORD * at.DENSE_COUNT, count)
    put(side_start + WORD * at.BEST, next_dense(side_start, best))


@njit
def next_dense(side, position):
    """The first dense level of the side at address `side` from `position` on, or WINDOW."""
    if position >= WINDOW:
        return WINDOW
    words, bitmap_level = side + WORD * at.WORDS, side + WORD * at.BITMAP_LEVEL
    number = position >> _WORD_SHIFT
    bits = get(words + WORD * number) & (-1 << (position & _LAST_BIT))
    if bits != 0:
        return (number << _WORD_SHIFT) + lowest_bit(bits)
    number += 1
    upper = number >> _WORD_SHIFT
    if upper >= at.BITMAP_LEVEL_WORDS:
        return WINDOW
    bits = get(bitmap_level + WORD * upper) & (-1 << (number & _LAST_BIT))
    while bits == 0:
        upper += 1
        if upper == at.BITMAP_LEVEL_WORDS:
            return WINDOW
        bits = get(bitmap_level + WORD * upper)
    number = (upper << _WORD_SHIFT) + lowest_bit(bits)
    return (number << _WORD_SHIFT) + lowest_bit(get(words + WORD * number))


@njit
def _set_far(state, side, position, quantity):
    """Insert, change or delete one far level: a sorted list of positions, and their quantities behind it."""
    counter = state + WORD * (at.SIDES + side * at.SIDE_SIZE + at.FAR_COUNT)
    count, capacity = get(counter), get(state + WORD * at.FAR_CAPACITY)
    positions = state + WORD * (at.FAR + 2 * side * capacity)
    quantities = positions + WORD * capacity
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if get(positions + WORD * middle) < position:
            low = middle + 1
        else:
            high = middle
    found = low < count and get(positions + WORD * low) == position
    if quantity != 0 and not found:
        for n in range(count, low, -1):
            put(positions + WORD * n, get(positions + WORD * (n - 1)))
            put(quantities + WORD * n, get(quantities + WORD * (n - 1)))
        put(counter, count + 1)
    elif quantity == 0 and found:
        for n in range(low, count - 1):
            put(positions + WORD * n, get(positions + WORD * (n + 1)))
            put(quantities + WORD * n, get(quantities + WORD * (n + 1)))
        put(counter, count - 1)
    if quantity != 0:
        put(positions + WORD * low, position)
        put(quantities + WORD * low, quantity)


@njit
def summary(state):
    """The imbalance of the top TOP levels, or RECENTRE, or UNSOUND."""
    bid, ask = _top_quantity(state, 0), _top_quantity(state, 1)
    if bid < 0 or ask < 0:
        return RECENTRE
    if bid == 0 or ask == 0 or _crossed(state):
        return UNSOUND
    return (bid - ask) / (bid + ask)


@njit
def _crossed(state):
    """Whether the best bid is not below the best ask; both are in their windows unless RECENTRE was due."""
    bids, asks = state + WORD * at.SIDES, state + WORD * (at.SIDES + at.SIDE_SIZE)
    bid = get(bids + WORD * at.ORIGIN) - get(bids + WORD * at.BEST)
    return bid >= get(asks + WORD * at.ORIGIN) + get(asks + WORD * at.BEST)


@njit
def _top_quantity(state, side):
    """Total quantity of the best TOP levels of a side; -1 if the window must be re-centred."""
    side_start = state + WORD * (at.SIDES + side * at.SIDE_SIZE)
    position, far = get(side_start + WORD * at.BEST), get(side_start + WORD * at.FAR_COUNT)
    if position >= WINDOW >> 1 and (far or position < WINDOW):
        return -1
    remaining, total = get(state + WORD * at.TOP), 0
    while remaining and position < WINDOW:
        total += get(side_start + WORD * (at.QUANTITIES + position))
        position, remaining = next_dense(side_start, position + 1), remaining - 1
    capacity = get(state + WORD * at.FAR_CAPACITY)
    quantities = state + WORD * (at.FAR + (2 * side + 1) * capacity)
    for n in range(min(remaining, far)):
        total += get(quantities + WORD * n)
    return total


@njit
def best_prices(state, out):
    """Write the update id, price and quantity of the best bid, and those of the best ask to address `out`.

    Price and quantity of an empty side are 0.
    """
    put(out, get(state + WORD * at.UPDATE_ID))
    for side in range(2):
        place = out + WORD * (1 + 2 * side)
        if best_levels(state, side, 1, place):
            origin, position = get(state + WORD * (at.SIDES + side * at.SIDE_SIZE + at.ORIGIN)), get(place)
            put(place, origin + position if side else origin - position)
        else:
            put(place, 0)
            put(place + WORD, 0)


@njit
def best_levels(state, side, count_limit, out):
    """Write position and quantity of the best `count_limit` levels of a side to address `out`; returns how many."""
    side_start = state + WORD * (at.SIDES + side * at.SIDE_SIZE)
    position, far, written = get(side_start + WORD * at.BEST), get(side_start + WORD * at.FAR_COUNT), 0
    while written < count_limit and position < WINDOW:
        put(out + 2 * WORD * written, position)
        put(out + 2 * WORD * written + WORD, get(side_start + WORD * (at.QUANTITIES + position)))
        position, written = next_dense(side_start, position + 1), written + 1
    capacity = get(state + WORD * at.FAR_CAPACITY)
    positions = state + WORD * (at.FAR + 2 * side * capacity)
    for n in range(min(count_limit - written, far)):
        put(out + 2 * WORD * written, get(positions + WORD * n))
        put(out + 2 * WORD * written + WORD, get(positions + WORD * (capacity + n)))
        written += 1
    return written


@njit
def scaled_top(state, count_limit, price_unit, quantity_unit, out):
    """Write price and quantity of the best `count_limit` bids, then of the asks, to address `out`, each in its unit.

    Returns whether both sides have so many levels and every number fits into a word; if not, `out` holds nothing.
    """
    largest_price, largest_quantity = _LARGEST // price_unit, _LARGEST // quantity_unit
    for side in range(2):
        place = out + 2 * WORD * count_limit * side
        if best_levels(state, side, count_limit, place) < count_limit:
            return 0
        origin = get(state + WORD * (at.SIDES + side * at.SIDE_SIZE + at.ORIGIN))
        for n in range(count_limit):
            address = place + 2 * WORD * n
            position, quantity = get(address), get(address + WORD)
            price = origin + position if side else origin - position
            if price > largest_price or quantity > largest_quantity:
                return 0
            put(address, price * price_unit)
            put(address + WORD, quantity * quantity_unit)
    return 1


@njit
def named_prices(state, side, out):
    """Write the prices of a side that the last update named to address `out`; returns how many.

    Valid until levels are written otherwise or a window moves.
    """
    origin = get(state + WORD * (at.SIDES + side * at.SIDE_SIZE + at.ORIGIN))
    parsed, count = state + WORD * (at.PARSED + side * at.PARSED_SIDE), get(state + WORD * (at.COUNTS + side))
    for n in range(count):
        position = get(parsed + 2 * WORD * n)
        put(out + WORD * n, origin + position if side else origin - position)
    return count
