"""The drawings of a stored replay: its page, made from its files alone."""

from pathlib import Path
from typing import TYPE_CHECKING

from skills_lib.report.drawings import PAGE, Drawings

if TYPE_CHECKING:
    from live.replay.study.model import ReplayReport


def drawings(folder: Path, report: "ReplayReport") -> Drawings:
    """The page by path. Nothing heavy is imported before it is drawn."""
    return {folder / PAGE: lambda path: _draw_page(path, folder, report)}


def _draw_page(path: Path, folder: Path, report: "ReplayReport") -> None:
    from live.replay.report.page import TradeMeans, replay_page
    from live.replay.study.trades_file import TRADES, read_means
    from skills_lib.report.page import render

    path.write_text(render(replay_page(report, TradeMeans(*read_means(folder / TRADES)))), encoding="utf-8")
