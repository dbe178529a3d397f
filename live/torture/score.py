"""What a bot did under one fault, as seen by the exchange. Times in milliseconds of exchange time."""

from pydantic import BaseModel, ConfigDict


class Score(BaseModel):
    """Counts and longest times of one run.

    duplicate_intents: opening orders that repeat one whose order or position is still open, and closing orders beyond
    the position. naked_positions: times a position was without a stop for its whole size for longer than the grace
    period; longest_naked_ms: the longest of them. orphan_stops: stops that waited without a position for longer than
    the grace period. flat_after_ms: from the request to stop until no position was open; None if one stayed open.
    """

    model_config = ConfigDict(frozen=True)

    orders: int = 0
    fills: int = 0
    refused: int = 0
    duplicate_intents: int = 0
    naked_positions: int = 0
    longest_naked_ms: int = 0
    orphan_stops: int = 0
    flat_after_ms: int | None = None

    @property
    def clean(self) -> bool:
        """True if nothing was sent twice, left without a stop, or left behind."""
        return (
            not (self.duplicate_intents or self.naked_positions or self.orphan_stops) and self.flat_after_ms is not None
        )
