"""Standard output of the commands: paragraphs and tables as wide as the terminal."""

import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence

from scripts.invocation import readable
from scripts.tables.layout import INDENT, Cell, Column, Line, Row, flow, pairs, table, wrap

PIPE_WIDTH = 120
"""Columns where standard output is no terminal and COLUMNS is not set."""
MIN_WIDTH = 20
_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "magenta": 35}
"""Codes of ECMA-48 by name."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Screen:
    """Prints to standard output in `width` columns; styles such as "bold red" are shown on a terminal only."""

    def __init__(self, width: int | None = None) -> None:
        self.width = max(width or shutil.get_terminal_size((PIPE_WIDTH, 24)).columns, MIN_WIDTH)
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def text(self, text: str, style: str = "", indent: str = INDENT) -> None:
        """Print a paragraph; lines after the first begin with `indent`."""
        for paragraph in readable(text).split("\n"):
            self.lines(Line((Cell(line, style),)) for line in wrap(paragraph, self.width, indent))

    def note(self, text: str, style: str = "yellow") -> None:
        """Print a warning."""
        self.text(f"! {text}", style)

    def path(self, name: str, path: object) -> None:
        """Print where a file is, never broken: it is longer than the line if it must be."""
        self.lines([Line((Cell(f"{name} {path}"),))])

    def flow(self, parts: Iterable[str | Cell]) -> None:
        """Print parts beside one another; a line is broken between two of them."""
        cells = [Cell(part) if isinstance(part, str) else part for part in parts]
        self.lines(flow([cell for cell in cells if cell.text], self.width))

    def table(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Print rows under headings, or stacked where they are too wide."""
        self.lines(table(columns, rows, self.width))

    def pairs(self, rows: Sequence[Sequence[tuple[str, str]]]) -> None:
        """Print names with their values."""
        self.lines(pairs(rows, self.width))

    def lines(self, lines: Iterable[Line]) -> None:
        """Print laid out lines."""
        for line in lines:
            sys.stdout.write("".join(self._styled(part) for part in line.parts) + "\n")

    def _styled(self, part: Cell) -> str:
        shown = _CONTROLS.sub("?", part.text)  # a file's name or a docstring cannot steer the terminal
        if not (part.style and self._coloured):
            return shown
        codes = ";".join(str(_CODES[name]) for name in part.style.split())
        return f"\x1b[{codes}m{shown}\x1b[0m"
