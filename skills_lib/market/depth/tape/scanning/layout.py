"""Memory layout of a scanned block of lines: a table of 64-bit integers, one row a line, and the symbols it names."""

ORDINARY, TICKER, TRADE, AGG_TRADE, DEPTH = range(5)
"""Kinds of rows. ORDINARY: the line is in no form that compiled code reads; nothing but its bounds is known."""

(
    KIND,
    LINE_START,  # of the line, and of the message behind its time; offsets in the block
    START,
    END,
    LOCAL_NS,  # -1 without a time
    SYMBOL,  # number in the table of symbols
    EVENT_MS,
    MATCHED_MS,  # `T`; -1 where a diff has none
    ID,  # `u`, `t` or `a`
    FIRST,  # bid price, price, or `U`
    SECOND,  # bid quantity, quantity, or `pu`
    THIRD,  # ask price; of a trade 1 where the buyer is the maker; of a diff how many of its levels are noted
    FOURTH,  # ask quantity
    PLACES,  # decimals that the venue writes: of the bid or the price; of a diff the most of the noted levels
) = range(14)
COLUMNS = 14
"""Prices and quantities are in units of 1e-8."""

NOTED = 3
"""Of a diff the last bids and the first asks, so many of each, say where the market is."""

MAX_SYMBOLS, MAX_SYMBOL = 256, 24
SYMBOL_WORDS = 1 + MAX_SYMBOL
"""A symbol in the table: its length and its letters."""
SYMBOLS = 1
"""Where the first symbol begins; the word before says how many there are."""
TABLE_WORDS = SYMBOLS + MAX_SYMBOLS * SYMBOL_WORDS
