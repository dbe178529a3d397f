"""Answers about the trade log: what it holds, what was filled in, what was copied."""

from typing import TYPE_CHECKING, ClassVar, Self

from skills_lib.answers.model import Answer
from skills_lib.domain.time import utc

if TYPE_CHECKING:
    from skills_lib.market.candles import CandleRequest
    from skills_lib.trades.candles.ingesting import Ingested
    from skills_lib.trades.store.model import Written
    from skills_lib.trades.store.status import StoreStatus


class StoreAnswer(Answer):
    """What a store holds. url: without password. rows: by table. backlog: journal records that are not in it yet."""

    url: str
    schema_version: int
    rows: dict[str, int]
    backlog: int
    unreadable: list[str]

    @classmethod
    def of(cls, found: "StoreStatus") -> Self:
        """The answer about a store."""
        return cls(
            url=found.url,
            schema_version=found.schema_version,
            rows=found.rows,
            backlog=found.backlog,
            unreadable=found.unreadable,
        )


class IngestAnswer(Answer):
    """Candles that were filled in. complete_from, complete_until: in between the store has all bars there are."""

    url: str
    symbol: str
    timeframe: str
    exchange: str
    inserted: int
    updated: int
    unchanged: int
    complete_from: str
    complete_until: str
    sources: list[str]

    @classmethod
    def of(cls, asked: "CandleRequest", done: "Ingested", url: str) -> Self:
        """The answer about an ingestion."""
        return cls(
            url=url,
            symbol=asked.instrument.symbol,
            timeframe=asked.timeframe.value,
            exchange=asked.exchange,
            inserted=done.written.inserted,
            updated=done.written.updated,
            unchanged=done.written.unchanged,
            complete_from=utc(done.complete.start_ns),
            complete_until=utc(done.complete.end_ns),
            sources=done.origins,
        )


class CopyAnswer(Answer):
    """Rows that were copied, by table."""

    MATTERS: ClassVar = ("inserted", "updated", "unchanged")

    source: str
    target: str
    inserted: dict[str, int]
    updated: dict[str, int]
    unchanged: dict[str, int]

    @classmethod
    def of(cls, source: str, target: str, done: "dict[str, Written]") -> Self:
        """The answer about a copy."""
        counts = {
            name: {table: getattr(written, name) for table, written in done.items() if getattr(written, name)}
            for name in ("inserted", "updated", "unchanged")
        }
        return cls(source=source, target=target, **counts)
