"""How the compiled book lies in memory: one block of 64-bit integers, addressed by byte.

Compiled functions take the block's address, not the array: counting references to an array costs more than the work.

A level's *position* is its distance in price units from the origin of its side, towards worse prices, so that both
sides read alike: the best level has the lowest position. Positions below WINDOW are *dense*: one slot each, and a
bitmap of two storeys that finds the next level. Positions from WINDOW on are *far*: two sorted lists.
"""

WORD = 8
BITS = 64

WINDOW_BITS = 17
WINDOW = 1 << WINDOW_BITS
"""Prices a side keeps dense: 13,107 USDT at BTCUSDT's tick of 0.10."""

HOME = WINDOW >> 3
"""Where the best level of a side lies after the window has been placed."""

MAX_LEVELS = 4_096
"""Levels of one side that a message may carry; more go the general way."""

MAX_SYMBOL = 24

SYMBOL = 0
SYMBOL_LENGTH = MAX_SYMBOL
CHAINED = SYMBOL_LENGTH + 1  # 1 where updates carry `pu`
UPDATE_ID = CHAINED + 1
FOLLOWING = UPDATE_ID + 1  # 1 while the next update must follow UPDATE_ID
TOP = FOLLOWING + 1
PRICE_DECIMALS = TOP + 1
PRICE_ZEROS = PRICE_DECIMALS + 1  # decimals the venue writes after those that count
QUANTITY_DECIMALS = PRICE_ZEROS + 1
QUANTITY_ZEROS = QUANTITY_DECIMALS + 1
EVENT_TS = QUANTITY_ZEROS + 1
TRANSACTION_TS = EVENT_TS + 1
FAR_CAPACITY = TRANSACTION_TS + 1

# What the parser found in the message at hand.
FIRST_ID = FAR_CAPACITY + 1
FINAL_ID = FIRST_ID + 1
PREVIOUS_ID = FINAL_ID + 1
UNUSED = PREVIOUS_ID + 1  # a number that nobody reads
COUNTS = UNUSED + 1
FAR_COUNTS = COUNTS + 2
BOOK_EVENT_TS = FAR_COUNTS + 2  # those of the last update applied
BOOK_TRANSACTION_TS = BOOK_EVENT_TS + 1

PARSED = BITS  # (position, quantity) of each level of the message at hand; bids, then asks
PARSED_SIDE = 2 * MAX_LEVELS

SIDES = PARSED + 2 * PARSED_SIDE
BEST = 0  # position of the best dense level, WINDOW where there is none
DENSE_COUNT = 1
FAR_COUNT = 2
ORIGIN = 3
BITMAP_LEVEL = 8
BITMAP_LEVEL_WORDS = WINDOW // BITS // BITS
WORDS = BITMAP_LEVEL + BITMAP_LEVEL_WORDS
QUANTITIES = WORDS + WINDOW // BITS
SIDE_SIZE = QUANTITIES + WINDOW

FAR = SIDES + 2 * SIDE_SIZE
"""Last in the block, so that it can grow: positions and quantities of bids, then of asks."""


def block_size(far_capacity: int) -> int:
    """Integers in the block of a book that can hold `far_capacity` far levels a side."""
    return FAR + 4 * far_capacity
