"""Lays text, tables and pairs out in a given number of terminal columns; nothing is cut, and no word is broken.

A table whose rows do not fit is stacked: each row becomes a paragraph of headings with their values. A word that is
longer than the line, such as a path, stands alone on a line of its own.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

GAP = "  "
INDENT = "  "
MIN_NAME = 16
"""Columns that the first value of a row keeps; a table that would need more is stacked."""
_UNITS = re.compile(r"(?<=[\d)]) (?=(?:%|bps|days|quote|UTC|ms|×)(?:\W|$))")
_NO_BREAK = "\N{NO-BREAK SPACE}"


class Cell(NamedTuple):
    """A value, with the style of `Screen` that it is shown in."""

    text: str
    style: str = ""


class Column(NamedTuple):
    """A column of a table. An empty heading names nothing in a stacked row."""

    heading: str
    right: bool = False


class Line(NamedTuple):
    """Parts of one line."""

    parts: tuple[Cell, ...]

    @property
    def text(self) -> str:
        """The line without styles."""
        return "".join(part.text for part in self.parts)


Row = Sequence[Cell]


def width_of(text: str) -> int:
    """Columns that a terminal needs for `text`."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """`text` in lines of at most `width` columns, the second and later ones after `indent`; units stay with numbers."""
    words = [word.replace(_NO_BREAK, " ") for word in _UNITS.sub(_NO_BREAK, text).split(" ")]
    lines = [""]
    for number, word in enumerate(words):
        joined = f"{lines[-1]} {word}" if number else word
        fits = width_of(joined) <= width
        lines = [*lines[:-1], joined] if fits or not lines[-1].strip() else [*lines, indent + word]
    return [line.rstrip() for line in lines]


def flow(parts: Iterable[Cell], width: int, indent: str = INDENT, gap: str = GAP) -> list[Line]:
    """Parts beside one another, `gap` apart; a line is broken between two, and inside one only if it must be."""
    lines: list[list[Cell]] = []
    for part in parts:
        used = sum(width_of(cell.text) for cell in lines[-1]) if lines else width + 1
        if used + width_of(gap + part.text) <= width:
            lines[-1] += [Cell(gap), part]
            continue
        first, *rest = wrap(part.text, width - width_of(indent))
        lines.append([Cell(indent if lines else ""), Cell(first, part.style)])
        lines += [[Cell(indent), Cell(text, part.style)] for text in rest]
    return [Line(tuple(cell for cell in line if cell.text)) for line in lines]


def table(columns: Sequence[Column], rows: Sequence[Row], width: int) -> list[Line]:
    """Rows under headings where they fit, else stacked; nothing where there are none."""
    if not rows:
        return []
    head, right = [Cell(column.heading) for column in columns], [column.right for column in columns]
    for shown in ([head, *rows], _narrowed([head, *rows], width)):
        aligned = grid(shown, right)
        if all(width_of(line.text) <= width for line in aligned):
            return aligned
    return [line for row in rows for line in stacked(columns, row, width)]


def stacked(columns: Sequence[Column], row: Row, width: int) -> list[Line]:
    """One row as a paragraph: each value after its heading."""
    named = [
        Cell(f"{column.heading} {cell.text}".strip() if cell.text else "", cell.style)
        for column, cell in zip(columns, row, strict=True)
    ]
    return flow([cell for cell in named if cell.text], width)


def grid(rows: Sequence[Row], right: Sequence[bool], gap: str = GAP) -> list[Line]:
    """Rows with columns as wide as their widest value."""
    widths = [max((width_of(row[i].text) for row in rows), default=0) for i in range(len(right))]
    return [_aligned(row, widths, right, gap) for row in rows]


def pairs(rows: Sequence[Sequence[tuple[str, str]]], width: int, gap: str = GAP + " ") -> list[Line]:
    """Names and values beside one another, as many pairs a row as given, or one a row where they do not fit."""
    for cells in (rows, [[pair] for column in zip(*rows, strict=True) for pair in column]):
        flat = [[Cell(text) for pair in row for text in pair] for row in cells]
        lines = grid(flat, [False] * (2 * len(cells[0])), gap)
        if all(width_of(line.text) <= width for line in lines):
            return lines
    return [line for row in flat for line in flow([Cell(f"{row[0].text} {row[1].text}")], width)]


def _narrowed(rows: Sequence[Row], width: int) -> list[Row]:
    """Rows whose first value is wrapped, so that a line fits; the rest of a value follows in a row of its own."""
    widths = [max(width_of(row[i].text) for row in rows) for i in range(len(rows[0]))]
    left = width - sum(widths[1:]) - width_of(GAP) * (len(widths) - 1)
    if left < MIN_NAME:
        return list(rows)
    narrow: list[Row] = []
    for name, *values in rows:
        first, *rest = wrap(name.text, left, INDENT)
        narrow.append([Cell(first, name.style), *values])
        narrow += [[Cell(text, name.style), *[Cell("")] * len(values)] for text in rest]
    return narrow


def _aligned(row: Row, widths: Sequence[int], right: Sequence[bool], gap: str) -> Line:
    parts: list[Cell] = []
    for cell, width, is_right in zip(row, widths, right, strict=True):
        space = Cell(" " * (width - width_of(cell.text)))
        parts += [space, cell] if is_right else [cell, space]
        parts.append(Cell(gap))
    while parts and not parts[-1].text.strip():
        parts.pop()
    return Line(tuple(part for part in parts if part.text))
