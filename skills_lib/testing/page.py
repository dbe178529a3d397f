"""Checks a strategy's documentation against its code: the docstring, and the table of parameters on its page."""

import re

from backtesting import Strategy

from skills_lib.backtest.report.describe import ParameterDescription, describe
from skills_lib.testing.checks import Check

MAX_TITLE = 120
_ROW = re.compile(r"^\| `(\w+)` \| (\S+) \| (.+?) \| .+ \|$", flags=re.MULTILINE)


def check_docstring(name: str, strategy: type[Strategy]) -> Check:
    """Whether the docstring starts with one short sentence and says when the strategy loses."""
    found = describe(name, strategy)
    title, text = found.title, f"{found.title} {found.description}"
    if not title.endswith(".") or len(title) >= MAX_TITLE:
        return Check("docstring", False, f"Start it with one sentence of less than {MAX_TITLE} characters: the rule.")
    if not re.search(r"\b[Ll]oses\b", text):
        return Check("docstring", False, 'It does not say when the strategy loses. Add a sentence with "Loses".')
    return Check("docstring", True, "It says what the strategy does and when it loses.")


def check_page(name: str, strategy: type[Strategy], text: str | None, place: str) -> Check:
    """Whether the table on the page `text` has each parameter with its default and range. `place`: where it is."""
    if text is None:
        return Check("page", None, f"There is no {place}.")
    expected = [_row_of(parameter) for parameter in describe(name, strategy).parameters]
    written = _ROW.findall(text)
    for row in expected:
        if row not in written:
            return Check("page", False, f"{place} lacks the row | `{row[0]}` | {row[1]} | {row[2]} | meaning |.")
    if written != expected:
        listed = ", ".join(row[0] for row in expected) or "none"
        return Check("page", False, f"{place} has other rows, or another order, than the parameters: {listed}.")
    if "**Loses**" not in text:
        return Check("page", False, f"{place} does not say when the strategy loses. Add a paragraph with **Loses**.")
    return Check("page", True, f"{place} agrees with the code.")


def section_of(page: str, name: str) -> str | None:
    """The section of a page that is headed by `name`; None if there is none."""
    sections = dict(re.findall(r"^## (\S[^\n]*)\n(.*?)(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL))
    return sections.get(name)


def _row_of(parameter: ParameterDescription) -> tuple[str, str, str]:
    default = f"{parameter.default:g}" if isinstance(parameter.default, float) else str(parameter.default)
    return parameter.name, default, re.split("from |one of ", parameter.allowed)[-1]
