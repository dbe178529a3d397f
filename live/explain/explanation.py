"""The difference between a session and the replay of its books, in parts that add up to it."""

import msgspec

from live.explain.matching import Pair, matched
from live.explain.parts import Parts, net_of, parts_of
from live.explain.trades import ExplainedTrade, JournalTrades


class ExplainedPair(msgspec.Struct, frozen=True):
    """One line. session, replay: ids, empty where that side did not make the trade; nets and parts in 1e-8 bp."""

    symbol: str
    side: str
    session: str
    replay: str
    session_net: int
    replay_net: int
    parts: Parts
    session_exit: str
    replay_exit: str

    @property
    def difference(self) -> int:
        """The session's result less the replay's."""
        return self.session_net - self.replay_net


class Explanation(msgspec.Struct, frozen=True):
    """All lines and their sums. outside: trades of the replay on books that the session did not see; incomplete: trades
    of either side that are left out, because they are open or their fills are not all known."""

    pairs: tuple[ExplainedPair, ...]
    session_net: int
    replay_net: int
    parts: Parts
    outside: int
    incomplete: int

    @property
    def difference(self) -> int:
        """The session's results less the replay's, in 1e-8 bp; the sum of the parts."""
        return self.session_net - self.replay_net


def explain(session: JournalTrades, replay: JournalTrades) -> Explanation:
    """Compare the trades that the session could have made."""
    inside = [trade for trade in replay.trades if _was_seen(trade, session.books)]
    pairs = tuple(_explained(pair) for pair in matched(session.trades, inside, replay.books))
    parts = Parts()
    for pair in pairs:
        parts = parts.plus(pair.parts)
    return Explanation(
        pairs=pairs,
        session_net=sum(pair.session_net for pair in pairs),
        replay_net=sum(pair.replay_net for pair in pairs),
        parts=parts,
        outside=len(replay.trades) - len(inside),
        incomplete=session.incomplete + replay.incomplete,
    )


def _was_seen(trade: ExplainedTrade, books: dict[str, list[int]]) -> bool:
    seen = books.get(trade.symbol, [])
    return bool(seen) and seen[0] <= trade.update_id <= seen[-1]


def _explained(pair: Pair) -> ExplainedPair:
    session, replay = pair
    shown = session or replay
    assert shown is not None
    nets = (net_of(session) if session else 0, net_of(replay) if replay else 0)
    both = session is not None and replay is not None
    parts = parts_of(session).minus(parts_of(replay)) if both else Parts(missed=nets[0] - nets[1])  # type: ignore[arg-type]
    return ExplainedPair(
        symbol=shown.symbol,
        side=shown.side.value,
        session=session.id if session else "",
        replay=replay.id if replay else "",
        session_net=nets[0],
        replay_net=nets[1],
        parts=parts,
        session_exit=session.reason if session else "",
        replay_exit=replay.reason if replay else "",
    )
