"""When a journal is forced to the disk; `docs/journal.md` says what each guarantees."""

from enum import StrEnum

INTERVAL_NS = 1_000_000_000


class Fsync(StrEnum):
    """EACH_ORDER: before an order or cancel leaves. INTERVAL: at most `INTERVAL_NS` of the journal's time later.
    NEVER: the operating system decides. With each, what leaves is in the operating system's hands before."""

    EACH_ORDER = "each_order"
    INTERVAL = "interval"
    NEVER = "never"
