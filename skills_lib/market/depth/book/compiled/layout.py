"""Memory layout of the compiled book: one block of 64-bit integers, addressed by byte.

Compiled functions take the block's address: reference counting an array would be slower than the update.

A level's *position* is its distance in price units from the origin of its side, towards worse prices, so that both
sides use the same code: the best level has the lowest position. Positions below WINDOW are *dense*: one slot each,
and a two-level bitmap that finds the next level. Positions from WINDOW on are *far*: two sorted lists.
"""

WORD = 8
BITS = 64

WINDOW_BITS = 17
WINDOW = 1 << WINDOW_BITS
"""Dense prices per side: 13,107 USDT at BTCUSDT's tick of 0.10."""

HOME = WINDOW >> 3
"""Position of a side's best level after the window is placed."""

MAX_LEVELS = 4_096
"""Maximum levels per side in a message for the compiled path."""

MAX_SYMBOL = 24

SYMBOL = 0
SYMBOL_LENGTH = MAX_SYMBOL
CHAINED = SYMBOL_LENGTH + 1  # 1 where updates carry `pu`
UPDATE_ID = CHAINED + 1
FOLLOWING = UPDATE_ID + 1  # 1 while the next update must follow UPDATE_ID
TOP = FOLLOWING + 1
PRICE_DECIMALS = TOP + 1
PRICE_ZEROS = PRICE_DECIMALS + 1  # trailing zeros the venue writes after the significant decimals
QUANTITY_DECIMALS = PRICE_ZEROS + 1
QUANTITY_ZEROS = QUANTITY_DECIMALS + 1
EVENT_TS = QUANTITY_ZEROS + 1
TRANSACTION_TS = EVENT_TS + 1
FAR_CAPACITY = TRANSACTION_TS + 1

# Results of parsing the current message.
FIRST_ID = FAR_CAPACITY + 1
FINAL_ID = FIRST_ID + 1
PREVIOUS_ID = FINAL_ID + 1
UNUSED = PREVIOUS_ID + 1  # sink for values that are not used
COUNTS = UNUSED + 1
FAR_COUNTS = COUNTS + 2
BOOK_EVENT_TS = FAR_COUNTS + 2  # those of the last update applied
BOOK_TRANSACTION_TS = BOOK_EVENT_TS + 1

# Ids of the last updates that `consume` applied, in a ring: U, u and pu of each.
RECENT_COUNT = BOOK_TRANSACTION_TS + 1
RECENT_SIZE = 256

RECENT = BITS
RECENT_FIELDS = 3

PARSED = (
    RECENT + RECENT_SIZE * RECENT_FIELDS
)  # (position, quantity) of each level of the current message; bids, then asks
PARSED_SIDE = 2 * MAX_LEVELS

SIDES = PARSED + 2 * PARSED_SIDE
BEST = 0  # position of the best dense level, WINDOW if there is none
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
