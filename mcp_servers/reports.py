"""Reports as text of bounded length, for tools and as resources."""

from pathlib import Path

MAX_REPORT = 30_000
MAX_LISTED = 50
MARKDOWN = "text/markdown"

_CUT = "\n\nThe report is longer; this is its beginning.\n"


def bounded_report(path: Path) -> tuple[str, bool]:
    """The text of a report, at most `MAX_REPORT` characters, and whether it was cut."""
    text = path.read_text(encoding="utf-8")
    return (text, False) if len(text) <= MAX_REPORT else (text[: MAX_REPORT - len(_CUT)] + _CUT, True)
