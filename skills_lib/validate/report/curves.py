"""The curves of a validation that its page and picture show, thinned, from memory or from the stored file."""

import csv
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from skills_lib.domain.bars import FloatArray
from skills_lib.report.thinning import thin

if TYPE_CHECKING:
    from skills_lib.validate.runs import Run, Runs

FILE = "curves.csv"


class Curve(NamedTuple):
    """float64[n] places, times in UTC ns or days, and multiples of the start."""

    x: FloatArray
    y: FloatArray


@dataclass(frozen=True, slots=True)
class Curves:
    """`out_of_sample` continues `in_sample`; `market` is the close of all unsealed bars; `observed`: the stitched
    out-of-sample run by day, counted from 0."""

    in_sample: Curve
    out_of_sample: Curve
    market: Curve
    observed: Curve

    @classmethod
    def of(cls, runs: "Runs") -> Self:
        """The curves of the runs."""
        inside = _growth(runs.in_sample, 1.0)
        outside = _growth(runs.out_of_sample, float(inside.y[-1]))
        days = np.concatenate(([1.0], np.cumprod(1 + runs.stitched.daily())))
        market = _thinned(runs.bars.open_time_ns.astype(np.float64), runs.bars.close / runs.bars.close[0])
        return cls(inside, outside, market, _thinned(np.arange(len(days), dtype=np.float64), days))

    @classmethod
    def read(cls, path: Path) -> Self:
        """From the stored file.

        Raises:
            OSError, ValueError: it cannot be read.
        """
        rows: dict[str, list[tuple[float, float]]] = {one.name: [] for one in fields(cls)}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rows[row["curve"]].append((float(row["x"]), float(row["multiple"])))
        return cls(**{name: Curve(*np.array(points).reshape(-1, 2).T) for name, points in rows.items()})

    def text(self) -> str:
        """The file's content."""
        lines = ["curve,x,multiple"]
        for one in fields(self):
            curve: Curve = getattr(self, one.name)
            lines += [f"{one.name},{x:.0f},{y!r}" for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)]
        return "\n".join(lines) + "\n"


def _growth(run: "Run", start: float) -> Curve:
    return _thinned(run.bars.open_time_ns.astype(np.float64), start * run.execution.equity / run.execution.cash)


def _thinned(x: FloatArray, y: FloatArray) -> Curve:
    places = thin(y)
    return Curve(x[places], y[places])
