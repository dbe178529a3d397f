"""Result of a tape check."""

from pydantic import BaseModel

from skills_lib.market.depth.latency import LatencyReport
from skills_lib.market.depth.model import Venue, WireLevel


class LevelCounts(BaseModel):
    """Number of levels per side."""

    bids: int
    asks: int


class Top5(BaseModel):
    """The best five levels of each side as the venue writes them, best first."""

    bids: list[WireLevel]
    asks: list[WireLevel]


class TapeReport(BaseModel):
    """Counts and defects of a tape. Figures of the book are null if it is out of sync at the end.

    `bbo_checked` counts updates whose bookTicker came first, `late_bbo_checked` those whose bookTicker came after.
    """

    symbol: str
    venue: Venue
    lines: int
    messages: dict[str, int]
    chain_breaks: int
    crossed_books: int
    malformed: int
    bbo_checked: int
    bbo_matched: int
    late_bbo_checked: int
    late_bbo_matched: int
    in_sync: bool
    final_update_id: int | None
    levels: LevelCounts | None
    top5: Top5 | None
    first_local_ts_ns: int | None
    last_local_ts_ns: int | None
    lost_bytes: int
    repeated: int
    repeated_trades: int
    latency: LatencyReport | None
    problems: list[str]
