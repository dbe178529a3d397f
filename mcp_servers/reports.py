"""Reports as text of bounded length, for tools and as resources."""

import json
from pathlib import Path

MAX_REPORT = 34_000
"""Characters of a report as JSON, where a line break takes two."""
MAX_LISTED = 50
MARKDOWN = "text/markdown"

_CUT = "\n\nThe report is longer; this is its beginning.\n"


def bounded_report(path: Path) -> tuple[str, bool]:
    """The text of a report, at most `MAX_REPORT` characters of JSON, and whether it was cut."""
    text = path.read_text(encoding="utf-8")
    if _length(text) <= MAX_REPORT:
        return text, False
    kept = text[:MAX_REPORT]
    while _length(kept + _CUT) > MAX_REPORT:
        kept = kept[: len(kept) * 9 // 10]
    return kept + _CUT, True


def _length(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False))
