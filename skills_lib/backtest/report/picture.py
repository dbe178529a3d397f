"""Draws the static picture of a run: equity against buy and hold, and drawdown below.

Run as a module it draws in a separate process: importing matplotlib takes as long as a backtest, so
`PictureProcess` starts early and both run at the same time. It imports neither pandas nor backtesting.
"""

import itertools
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from skills_lib.domain.errors import TwokeyError

_MAX_POINTS = 4_000
_LONGEST_SECONDS = 120.0
_INK, _STRATEGY, _MARKET, _DRAWDOWN = "#24292f", "#0969da", "#8c959f", "#cf222e"


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """The plotted series by bar: int64[n] times, float64[n] quote currency, float64[n] drawdown in percent."""

    title: str
    open_time_ns: npt.NDArray[np.int64]
    equity: npt.NDArray[np.float64]
    buy_and_hold: npt.NDArray[np.float64]
    drawdown_pct: npt.NDArray[np.float64]


class PictureProcess:
    """A process that imports matplotlib while the backtest runs, and then draws. Only `finish` raises."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._problem: Exception | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix="twokey-picture-", ignore_cleanup_errors=True)
        command = [sys.executable, "-m", "skills_lib.backtest.report.picture"]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            self._problem = error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.cleanup()
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def start_drawing(self, curve: EquityCurve) -> None:
        """Start drawing `curve` and return at once. Arrays go through a file: a pipe would block."""
        if self._process is None or self._process.stdin is None:
            return
        try:
            np.savez(self._png.with_suffix(".npz"), **asdict(curve))
            with self._process.stdin as pipe:
                pipe.write(str(self._png).encode())
        except BrokenPipeError:  # the process ended; `finish` reports why
            pass
        except Exception as error:  # noqa: BLE001 `finish` raises it, when the run is stored
            self._problem = error
        self._process.stdin = None

    def finish(self, path: Path) -> None:
        """Wait for the picture and move it to `path`.

        Raises:
            TwokeyError: drawing failed or took longer than two minutes.
            OSError: the process could not start, or a file could not be written.
        """
        if self._problem is not None:
            raise self._problem
        assert self._process is not None
        try:
            _, errors = self._process.communicate(timeout=_LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            raise TwokeyError(f"No picture after {_LONGEST_SECONDS:.0f} seconds.") from None
        if self._process.returncode:
            reason = errors.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
            raise TwokeyError(reason[0])
        shutil.move(self._png, path)

    @property
    def _png(self) -> Path:
        return Path(self._scratch.name) / "equity.png"


def draw_equity(path: Path, curve: EquityCurve) -> None:
    """Write a PNG of 1200 × 675 pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6.75), layout="constrained")
    FigureCanvasAgg(figure)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    shown = _thin(curve.equity)
    times = curve.open_time_ns[shown].view("datetime64[ns]")
    top.plot(times, curve.buy_and_hold[shown], color=_MARKET, linewidth=1, label="Buy and hold, no costs")
    top.plot(times, curve.equity[shown], color=_STRATEGY, linewidth=1.4, label="Strategy, after costs")
    bottom.fill_between(times, -curve.drawdown_pct[shown], color=_DRAWDOWN, alpha=0.35, linewidth=0)
    top.set_title(curve.title, loc="left", color=_INK, fontsize=12)
    top.set_ylabel("Equity [quote]")
    top.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    top.legend(loc="upper left", frameon=False)
    bottom.set_ylabel("Drawdown [%]")
    for axes in (top, bottom):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)


def _thin(equity: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Indices of at most 4,000 or so bars: first, last, and the lowest and highest equity of each interval."""
    n = len(equity)
    if n <= _MAX_POINTS:
        return np.arange(n, dtype=np.int64)
    edges = np.linspace(0, n, _MAX_POINTS // 2 + 1).astype(np.int64)
    extremes = [(a + equity[a:b].argmin(), a + equity[a:b].argmax()) for a, b in itertools.pairwise(edges)]
    return np.unique(np.array([0, n - 1, *itertools.chain(*extremes)], dtype=np.int64))


def _draw_from_stdin() -> None:
    import matplotlib.figure  # noqa: F401 imported before the data arrives

    path = Path(sys.stdin.buffer.read().decode())
    packed = path.with_suffix(".npz")
    arrays = dict(np.load(packed))
    packed.unlink()
    draw_equity(path, EquityCurve(title=str(arrays.pop("title")), **arrays))


if __name__ == "__main__":
    _draw_from_stdin()
