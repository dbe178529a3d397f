"""The trial ledger as the validation server answers it."""

from pydantic import BaseModel, Field

from skills_lib.ledger.model import LedgerLine, LedgerMarket, SealOpening
from skills_lib.settings import Settings

MAX_LINES = 100
MAX_SEALS = 20
MAX_NOTICES = 12


class LedgerAnswer(BaseModel):
    """What was ever tried, by this user and in this workspace together."""

    configurations: int = Field(description="distinct ones over all markets")
    evaluated: int = Field(description="those whose outcome is known; work cut short counts too")
    markets: list[LedgerMarket]
    lines: list[LedgerLine] = Field(description="by market, timeframe, strategy and who asked; the newest ones")
    lines_total: int
    seals: list[SealOpening] = Field(description="looks at sealed bars, the newest ones")
    began_at: str | None
    notices: list[str] = Field(description="what is wrong with the ledger's files; repeat them to the user")
    next_step: str


def ledger() -> LedgerAnswer:
    """Both files of the ledger as one, cut to what fits an answer."""
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


_NEXT = "The more was tried, the more the best owes to luck: report the count beside the best result."
_NOTICED = "Report the notices first: the ledger's files were changed or lost. " + _NEXT
