"""Response of the validation server about the trial ledger."""

from pydantic import BaseModel, Field

from skills_lib.ledger.model import LedgerLine, LedgerMarket, SealOpening
from skills_lib.settings import Settings

MAX_LINES = 60
MAX_SEALS = 20
MAX_NOTICES = 12


class LedgerAnswer(BaseModel):
    """All trials of this user and of this workspace."""

    configurations: int = Field(description="distinct configurations over all markets")
    evaluated: int = Field(description="those with a recorded result; interrupted ones count as configurations too")
    markets: list[LedgerMarket]
    lines: list[LedgerLine] = Field(description="by market, timeframe, strategy and origin; the newest only")
    lines_total: int
    seals: list[SealOpening] = Field(description="openings of sealed bars, the newest only")
    began_at: str | None
    notices: list[str] = Field(description="problems of the ledger's files; report them to the user")
    next_step: str


def ledger() -> LedgerAnswer:
    """The user's and the workspace's ledger combined, cut to the size of one response."""
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.ledger.summary import summarise

    found = summarise(Ledger.of(Settings()))
    newest = sorted(found.lines, key=lambda line: line.last_at, reverse=True)
    return LedgerAnswer(
        configurations=found.configurations,
        evaluated=found.evaluated,
        markets=sorted(found.markets, key=lambda market: -market.configurations)[:MAX_LINES],
        lines=newest[:MAX_LINES],
        lines_total=len(newest),
        seals=found.seals[-MAX_SEALS:],
        began_at=found.began_at,
        notices=found.notices[:MAX_NOTICES],
        next_step=_NOTICED if found.notices else _NEXT,
    )


_NEXT = "The more configurations were tried, the more luck is in the best one: report the count with the best result."
_NOTICED = "Report the notices first: the ledger's files were changed or lost. " + _NEXT
