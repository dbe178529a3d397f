"""Writes the Markdown report of a validation."""

from collections.abc import Sequence

from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE
from skills_lib.report.page import Grid
from skills_lib.validate.model import ValidationResult
from skills_lib.validate.report.sections import sections
from skills_lib.validate.report.tables import ReportSection, rules_grid


def write_validation(result: ValidationResult) -> str:
    """The report as Markdown; its page has more charts."""
    banner = [f"> **{SYNTHETIC_NOTE}**\n"] if result.synthetic else []
    return "\n".join(
        [
            f"# Validation of {result.strategy} on {result.symbol} {result.timeframe}\n",
            *banner,
            f"**{result.verdict.label}**\n",
            f"![Equity, windows, luck and costs]({result.artifacts.picture.name})\n",
            f"The [page]({result.artifacts.page.name}) has a chart for each stage.\n",
            *_grid(rules_grid(result.verdict.rules)),
            "",
            *_list("What would change the verdict", result.verdict.would_change),
            *_list("Limits", result.verdict.not_covered),
            *_list("Warnings", result.warnings),
            *(line for section in sections(result) for line in _section(section)),
        ]
    )


def _list(title: str, texts: list[str]) -> list[str]:
    return [f"## {title}\n", *(f"- {text}" for text in texts), ""] if texts else []


def _section(section: ReportSection) -> list[str]:
    return [
        f"## {section.title}\n",
        *(f"{text}\n" for text in section.paragraphs),
        *(f"- {text}" for text in section.points),
        *([""] if section.points else []),
        *(line for grid in section.grids for line in [*_grid(grid), ""]),
        *(f"*{text}*\n" for text in section.limits),
    ]


def _grid(grid: Grid) -> list[str]:
    if not grid.rows:
        return []
    rule = "|".join(["---", *["---:"] * (len(grid.head) - 1)])
    return [_row(grid.head), f"|{rule}|", *(_row(row) for row in grid.rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
