"""Answers of the demonstration."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skills_lib.answers.backtests import Figures, main_figures
from skills_lib.answers.model import FIGURE_UNITS, Answer, SearchAnswer
from skills_lib.domain.constraints import Value

if TYPE_CHECKING:
    from skills_lib.calibrate.planted_cases import JudgedCase
    from skills_lib.validate.model import ValidationResult


class DemoAnswer(SearchAnswer):
    """A search on a synthetic market without an edge. `in_sample`: what it claims after `tries` combinations.

    `luck_sharpe`: annual Sharpe ratio of the best of so many independent tries without an edge on the same days.
    `out_of_sample`: the same parameters later; `walk_forward`: the search repeated, every test once.
    """

    MATTERS: ClassVar = ("verdict", "in_sample", "out_of_sample", "walk_forward")

    verdict: dict[str, Any]
    synthetic: bool
    id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    parameters: dict[str, Value]
    tries: int
    in_sample: Figures
    luck_sharpe: float
    out_of_sample: Figures
    walk_forward: Figures
    units: str = FIGURE_UNITS
    artifacts: dict[str, Path | None]

    @classmethod
    def of(cls, found: "ValidationResult") -> Self:
        """The answer about the validation of the demonstration."""
        names = ("synthetic", "id", "strategy", "symbol", "timeframe", "source", "parameters")
        rules = [rule.model_dump(include={"name", "value", "passed"}) for rule in found.verdict.rules]
        return cls(
            **{name: getattr(found, name) for name in names},
            verdict={"label": found.verdict.label, "rules": rules},
            tries=found.in_sample.evaluated,
            in_sample=main_figures(found.in_sample.metrics),
            luck_sharpe=found.luck_in_sample(),
            out_of_sample=main_figures(found.out_of_sample.metrics),
            walk_forward=main_figures(found.walk_forward.stitched.metrics),
            artifacts={name: getattr(found.artifacts, name) for name in ("report", "page", "result")},
            path=found.artifacts.result,
        )


class PlantedCasesAnswer(Answer):
    """Cases whose truth is planted, each with its verdict. No trial was counted in the ledger."""

    MATTERS: ClassVar = ("cases",)

    synthetic: bool = True
    counted_in_ledger: bool = False
    cases: list[dict[str, Any]]

    @classmethod
    def of(cls, judged: "Sequence[JudgedCase]") -> Self:
        """The answer about judged cases."""
        return cls(cases=[case.model_dump() | {"claim": main_figures(case.claim)} for case in judged])
