"""Times that the engine waits, each with its reason in docs/engine.md. Nanoseconds."""

MS = 1_000_000
S = 1_000_000_000

RECV_WINDOW_NS = 5 * S
"""A request that reaches the venue later than this after its timestamp is refused (-1021)."""
CLOCK_TOLERANCE_NS = 1 * S
"""The venue accepts a timestamp up to a second ahead of its own time; a clock may be off by as much."""
HIDDEN_NS = 31 * 60 * S
"""Longer than any order that had landed was seen missing from queries: "over half an hour" (freqtrade#12681)."""
STOP_CONFIRM_NS = 3 * S
"""A position whose stop is not confirmed for this long is closed."""
STOP_FIRED_NS = 2 * S
"""A stop that has fired closes its position within this time, or the engine does."""
STOP_AFTER_FLAT_NS = 2 * S
"""A stop that may still be open this long after its position is flat is named in an alert; a cancel takes less."""
LATE_FILL_NS = 1 * S
"""An entry may fill although its cancel was confirmed; what is held is asked for this long after."""
DIFFERENCE_GRACE_NS = 1 * S
"""ACCOUNT_UPDATE comes before ORDER_TRADE_UPDATE of the same fill; a difference this short is none."""
ATTRIBUTION_NS = 3 * S
"""A fill of an order that the engine does not know is foreign after this long: the report of a stop may come later."""
ASK_AFTER_NS = 500 * MS
"""An order without an answer is asked about after this long."""
LONGEST_WAIT_NS = 30 * S
"""The longest time between two queries for the same thing."""
LONGEST_URGENT_WAIT_NS = 4 * S
"""The same for what protects a position, ends its stop, or says what it is made of."""
WATCH_NS = 4 * S
"""Between two queries of an open position and its stop: the user stream is not the only witness."""
EXIT_RETRY_NS = 250 * MS
"""The first wait before an exit that the venue refused is decided anew; it doubles up to `LONGEST_EXIT_WAIT_NS`."""
LONGEST_EXIT_WAIT_NS = 4 * S
REFUSAL_PAUSE_NS = 1 * S
"""After a refusal of risk, the symbol's signal is not judged for this long."""
RETRY_ENTRY_NS = 1 * S
"""Between two orders that try to enter on the decision of one bar."""
PRICE_ASKED_NS = 60 * S
"""With a fee that comes this long after the last price of its asset, the price is asked for again."""
PRICE_USABLE_NS = 600 * S
"""An older price values no fee."""
FUNDING_LATE_NS = 10 * S
"""Funding is booked some seconds after the hour, and its income row may come as late."""
BELIEVE_OPEN_NS = 3 * S
"""A position that the venue reports and no trade explains is believed after this long: protecting it does no harm."""
BELIEVE_CLOSED_NS = 20 * S
"""A position that the venue no longer reports, and no trade explains, is believed closed after this long: a read may be
several seconds old."""
ANSWER_WITHIN_NS = 60 * S
"""A question without any answer for this long is asked again; whoever sends requests answers each sooner."""
EXCHANGE_MADE = ("autoclose-", "adl_autoclose", "settlement_autoclose-", "delivery_autoclose-")
"""How client ids of orders begin that the exchange makes itself: liquidation, ADL, settlement, delisting."""
