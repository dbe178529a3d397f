"""What the figures of a replay do not show; printed wherever they are."""

METHOD_LIMITS = (
    "A replay is in-sample and short: it says what these trades would have earned on these tapes, no more.",
    "The market does not react: nobody saw the orders, no queue changed because of them, and impact beyond the levels "
    "that were displayed is not modelled.",
    "Where an order stood in a queue is not on a tape; the three fill models bracket it for resting orders. Taker "
    "orders fill alike in pessimistic and base.",
    "The interval takes trades within three minutes as dependent. Another regime is on no resample: one day says "
    "little of others.",
    "Random entries are drawn over usable books without regard to spread or limits; the engine refuses some of them.",
    "The deflation counts the trials in the ledger and takes them as independent, which is strict for neighbouring "
    "parameters; what was tried elsewhere it cannot know.",
    "Latencies are assumed unless they were measured, and every message of a run draws its own.",
)
