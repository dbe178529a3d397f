"""Answers about optimisations and walk-forwards."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skills_lib.answers.backtests import Figure, Figures, main_figures
from skills_lib.answers.model import FIGURE_UNITS, SearchAnswer, files_of
from skills_lib.domain.constraints import Value
from skills_lib.domain.models import FrozenModel

if TYPE_CHECKING:
    from skills_lib.optimize.model import OptimizationResult, Point
    from skills_lib.walk_forward.model import StitchedSpan, WalkForwardResult, WindowResult


class PointAnswer(FrozenModel):
    """One combination with its in-sample figures. `plateau`: its stability among its neighbours."""

    parameters: dict[str, Value]
    plateau: dict[str, Any]
    metrics: Figures
    perfect: dict[str, str]

    @classmethod
    def of(cls, point: "Point") -> Self:
        """The answer about a point."""
        metrics = main_figures(point.metrics)
        return cls(
            parameters=point.parameters, plateau=point.plateau.model_dump(), metrics=metrics, perfect=point.perfect
        )


class _Search(SearchAnswer):
    """What both searches tell of their inputs."""

    id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    bars: int
    start: str
    end: str
    maximize: str
    method: str
    engine: str
    min_trades: int
    costs: dict[str, Any]
    warnings: list[str]
    quality: dict[str, int]
    seconds: float
    artifacts: dict[str, Path]


def _common(found: "OptimizationResult | WalkForwardResult") -> dict[str, Any]:
    names = _Search.model_fields.keys() & type(found).model_fields.keys()
    fields = {name: getattr(found, name) for name in names}
    files, costs = files_of(found.artifacts), found.settings.costs.model_dump()
    return fields | {"costs": costs, "artifacts": files, "path": found.artifacts.result}


class OptimizationAnswer(_Search):
    """An optimisation. In-sample: `best` is the luckiest of all tried; `recommended` the centre of the best plateau.

    `sensitivity`: largest difference between the medians of the metric along each parameter.
    """

    MATTERS: ClassVar = ("recommended", "best", "costs")

    sample: str
    synthetic: bool
    recommended: PointAnswer
    best: PointAnswer
    evaluated: int
    eligible: int
    combinations: int | None
    sensitivity: dict[str, Figure]
    units: str = FIGURE_UNITS

    @classmethod
    def of(cls, found: "OptimizationResult") -> Self:
        """The answer about a stored optimisation."""
        effects = {name: parameter.effect for name, parameter in found.sensitivity.items()}
        names = ("sample", "synthetic", "evaluated", "eligible", "combinations")
        points = {"recommended": PointAnswer.of(found.recommended), "best": PointAnswer.of(found.best)}
        fields = {name: getattr(found, name) for name in names}
        return cls(**_common(found), **fields, **points, sensitivity=effects)


class WindowAnswer(FrozenModel):
    """One window; times are UTC, ends not included. `train` and `test`: the maximised metric there."""

    test_start: str
    test_end: str
    parameters: dict[str, Value] | None
    train: Figure
    test: Figure
    test_return_pct: Figure

    @classmethod
    def of(cls, window: "WindowResult", metric: str) -> Self:
        """The answer about a window."""
        test = window.test or {}
        return cls(
            test_start=window.test_start,
            test_end=window.test_end,
            parameters=window.parameters,
            train=(window.train or {}).get(metric),
            test=test.get(metric),
            test_return_pct=test.get("return_pct"),
        )


class WalkForwardAnswer(_Search):
    """A walk-forward. `out_of_sample`: the stitched run; `windows`: newest first."""

    MATTERS: ClassVar = ("out_of_sample", "costs")

    synthetic: bool
    efficiency: float | None
    positive_share: float
    windows_total: int
    out_of_sample: Figures | None
    perfect: dict[str, str]
    first_half: Figures | None
    second_half: Figures | None
    units: str = FIGURE_UNITS
    pick: str
    parameter_drift: dict[str, Any]
    windows: list[WindowAnswer]

    @classmethod
    def of(cls, found: "WalkForwardResult") -> Self:
        """The answer about a stored walk-forward."""
        drift = {name: drifted.model_dump(exclude={"values"}) for name, drifted in found.parameter_drift.items()}
        names = ("synthetic", "efficiency", "positive_share", "pick")
        return cls(
            **_common(found),
            **{name: getattr(found, name) for name in names},
            windows_total=len(found.windows),
            out_of_sample=main_figures(found.out_of_sample.metrics),
            perfect=found.out_of_sample.perfect,
            first_half=_half(found.halves.first),
            second_half=_half(found.halves.second),
            parameter_drift=drift,
            windows=[WindowAnswer.of(window, found.maximize) for window in reversed(found.windows)],
        )


def _half(span: "StitchedSpan | None") -> Figures | None:
    names = ("return_pct", "sharpe", "max_drawdown_pct", "trades")
    return None if span is None else {name: span.metrics[name] for name in names}
