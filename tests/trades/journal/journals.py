"""Journals of generated records, and what can happen to a file."""

from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from skills_lib.trades.journal.format import FORMAT, GENESIS, HEADER, VERSION, chained, content_of, line_of

Entry = tuple[int, str, dict[str, Any]]
"""Time, kind and body of a record."""
HEAD: Entry = (1, HEADER, {"format": FORMAT, "version": VERSION, "run": "r1"})
TIMES = st.integers(0, 2**63 - 1)
INTS = st.integers(-(2**80), 2**80)
VALUES = st.recursive(st.none() | st.booleans() | INTS | st.text(max_size=8), lambda part: st.lists(part, max_size=3))
ENTRIES = st.lists(
    st.tuples(
        TIMES,
        st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(lambda kind: kind != "market"),
        st.dictionaries(st.text(max_size=6), VALUES, max_size=3),
    ),
    max_size=6,
)


def lines_of(entries: list[Entry], head: Entry = HEAD) -> list[bytes]:
    """The lines of a journal that holds `entries`."""
    lines, previous = [], GENESIS
    for sequence, (time_ns, kind, body) in enumerate([head, *entries]):
        content = content_of(sequence, time_ns, kind, msgspec.json.encode(body))
        previous = chained(previous, content)
        lines.append(line_of(content, previous))
    return lines


def ticks(count: int) -> list[Entry]:
    """Records that differ in time alone."""
    return [(number + 2, "tick", {}) for number in range(count)]


def journal_file(path: Path, lines: list[bytes]) -> Path:
    """A file of these lines."""
    path.write_bytes(b"".join(lines))
    return path
