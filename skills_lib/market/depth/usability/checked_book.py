"""A book of decoded messages, compared with the tickers and trades of the same stream: for tapes."""

from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.causes import Unusable
from skills_lib.market.depth.model import AggTrade, BookTicker, DepthUpdate, Message, Snapshot, Trade
from skills_lib.market.depth.sequencer import UpdateDecision
from skills_lib.market.depth.usability.cross_check import CrossCheck


class CheckedBook:
    """Takes every message of one symbol; `local` is lost when tickers or trades refute it."""

    def __init__(self, local: LocalBook) -> None:
        self.local, self.check = local, CrossCheck(local.venue)

    def take(self, message: Message) -> UpdateDecision | None:
        """Apply one message; the decision on an update or snapshot, None for others.

        Raises:
            WireError: a level of a snapshot is malformed; the book is unchanged.
        """
        match message:
            case DepthUpdate():
                return self._compared(self.local.receive(message))
            case Snapshot():
                return self._compared(self.local.load(message))
            case BookTicker():
                self._lose(self.check.on_ticker(message))
            case Trade() | AggTrade():
                self.check.on_trade(message)
        return None

    def _compared(self, decision: UpdateDecision) -> UpdateDecision:
        if decision is UpdateDecision.APPLY and self._lose(self._judged()):
            return UpdateDecision.GAP
        if not self.local.in_sync:
            self.check.restart()
        return decision

    def _judged(self) -> Unusable | None:
        return self.check.on_update(self.local.book, self.local.exch_ts_ns)

    def _lose(self, found: Unusable | None) -> bool:
        if found is None or not self.local.in_sync:
            return False
        self.local.invalidate(found.detail, found.cause)
        self.check.restart()
        return True
