"""Answers about what a workspace holds: strategies and trials."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skills_lib.answers.bounds import Unbroken
from skills_lib.answers.model import Answer
from skills_lib.domain.models import FrozenModel

if TYPE_CHECKING:
    from skills_lib.backtest.report.describe import StrategyDescription
    from skills_lib.installation.doctor.model import Diagnosis
    from skills_lib.ledger.model import LedgerSummary


class StrategyLine(FrozenModel):
    """One strategy. `parameters`: default and allowed values. `executor`: "next" runs on backtesting.py only."""

    name: str
    title: str
    executor: str
    parameters: dict[str, str]
    constraints: list[str]

    @classmethod
    def of(cls, found: "StrategyDescription") -> Self:
        """The line of a strategy."""
        allowed = {one.name: f"{one.default} ({one.allowed.rpartition('from ')[2]})" for one in found.parameters}
        return cls(
            name=found.name,
            title=found.title,
            executor=found.executor,
            parameters=allowed,
            constraints=found.constraints,
        )


class StrategiesAnswer(Answer):
    """All strategies, and the files that cannot be used with the reason."""

    MATTERS: ClassVar = ("refused",)

    refused: list[dict[str, str]]
    strategies: list[StrategyLine]

    @classmethod
    def of(cls, described: "Sequence[StrategyDescription]", refused: list[dict[str, str]]) -> Self:
        """The answer about strategies."""
        return cls(refused=refused, strategies=[StrategyLine.of(one) for one in described])


class NewStrategyAnswer(Answer):
    """The files of a new strategy."""

    strategy: str
    kind: str
    files: list[Path]


class InitAnswer(Answer):
    """A new workspace: what was made, and what was there and kept."""

    folder: Path
    made: list[str]
    kept: list[str]


class DoctorAnswer(Answer):
    """What holds in the workspace. `findings`: each thing looked at, with its remedy if it is broken."""

    MATTERS: ClassVar = ("findings",)

    broken: bool
    findings: list[dict[str, str]]
    settings: list[dict[str, str]]

    @classmethod
    def of(cls, found: "Diagnosis") -> Self:
        """The answer about a workspace, what is broken first."""
        fields = found.model_dump(mode="json")
        fields["findings"].sort(key=lambda finding: finding["state"] != "broken")
        return cls(broken=found.is_broken, **fields)


class LedgerAnswer(Answer):
    """Every configuration ever evaluated. `lines`: by market, strategy and origin, latest first."""

    MATTERS: ClassVar = ("notices", "seals")

    notices: list[str]
    configurations: int
    evaluated: int
    began_at: str | None
    seals: list[dict[str, Any]]
    markets: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    files: dict[str, Path]

    @classmethod
    def of(cls, found: "LedgerSummary") -> Self:
        """The answer about the ledger."""
        fields = found.model_dump()
        fields["lines"].sort(key=lambda line: line["last_at"], reverse=True)
        for line in fields["lines"]:
            line["origin"] = Unbroken(line["origin"])  # what was recorded, no command to type
        return cls(**fields)
