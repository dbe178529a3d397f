"""Batches the tape's diffs for the 100, 250 and 500 ms depth streams."""

from dataclasses import dataclass, field

from skills_lib.market.depth.model import DepthUpdate


@dataclass(slots=True)
class DepthBatch:
    """Updates of one symbol since the last frame; the last quantity of a level wins. `last_sent` chains frames."""

    speed_ms: int
    first: int = 0
    final: int = 0
    previous: int = 0
    last_sent: int = 0
    event_ms: int = 0
    transaction_ms: int = 0
    closes_ms: int = 0
    bids: dict[str, str] = field(default_factory=dict)
    asks: dict[str, str] = field(default_factory=dict)

    @property
    def pending(self) -> bool:
        """True if there is something to send."""
        return bool(self.final)

    def add(self, update: DepthUpdate) -> None:
        """Add a diff of the tape."""
        if not self.pending:
            self.first = update.first_update_id
            self.previous = self.last_sent or update.previous_update_id or 0
            self.closes_ms = (update.event_ts_ms // self.speed_ms + 1) * self.speed_ms
        if self.last_sent and update.previous_update_id != (self.final or self.last_sent):
            self.previous = update.previous_update_id or 0  # keep a gap of the tape visible in the chain
        self.final, self.event_ms = update.final_update_id, update.event_ts_ms
        self.transaction_ms = update.transaction_ts_ms or update.event_ts_ms
        self.bids.update(update.bids)
        self.asks.update(update.asks)

    def due(self, now_ms: int) -> bool:
        """True if the interval has ended."""
        return self.pending and now_ms >= self.closes_ms

    def close(self, symbol: str) -> DepthUpdate:
        """Return the update to send and reset the batch."""
        update = DepthUpdate(
            symbol=symbol,
            event_ts_ms=self.event_ms,
            first_update_id=self.first,
            final_update_id=self.final,
            bids=list(self.bids.items()),
            asks=list(self.asks.items()),
            previous_update_id=self.previous,
            transaction_ts_ms=self.transaction_ms,
        )
        self.last_sent, self.final = self.final, 0
        self.bids, self.asks = {}, {}
        return update
