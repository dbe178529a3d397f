"""Writes answers of `twokey torture` into docs/torture.md: `python -m tests.live.torture.publish NAME=FILE …`."""

import json
import sys
from pathlib import Path
from typing import Any

from tests.repository import ROOT

PAGE = ROOT / "docs" / "torture.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
HEADINGS = {
    "duplicate_intents": "repeated",
    "naked_positions": "naked",
    "orphan_stops": "orphan stops",
}


def cell(line: dict[str, Any]) -> str:
    """What a bot did under one fault, in a few words."""
    if not line["applied"] and line["fault"] != "none":
        return "not met"
    found = [f"{heading} {line[key]}" for key, heading in HEADINGS.items() if line[key]]
    if line["naked_positions"]:
        found.append(f"longest {line['longest_naked_s']:.1f} s")
    if line["flat_after_s"] is None:
        found.append("**left open**")
    if line["ended"] not in ("running", "exit code 0"):
        found.append(line["ended"])
    return ", ".join(found) or "clean"


def table(bots: dict[str, list[dict[str, Any]]]) -> str:
    """One row a fault, one column a bot, and how many of the faults that a bot met left it clean."""
    names = [line["fault"] for line in next(iter(bots.values()))]
    by_fault = {bot: {line["fault"]: line for line in lines} for bot, lines in bots.items()}
    rows = [f"| fault | {' | '.join(bots)} |", f"|---|{'---|' * len(bots)}"]
    rows += [f"| `{name}` | {' | '.join(cell(by_fault[bot][name]) for bot in bots)} |" for name in names]
    met = {bot: [line for line in lines if line["applied"]] for bot, lines in bots.items()}
    clean = [f"{sum(cell(line) == 'clean' for line in lines)} of {len(lines)}" for lines in met.values()]
    return "\n".join([*rows, f"| **clean, of the faults met** | {' | '.join(clean)} |"])


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The lines of an answer, or of the whole answer that a shortened one names."""
    answer = json.loads(path.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = answer.get("faults") or json.loads(Path(answer["path"]).read_text())["faults"]
    return found


def main(words: list[str]) -> None:
    """Replace the table between the marks."""
    bots = {name: lines_of(Path(path)) for name, _, path in (word.partition("=") for word in words)}
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(bots)}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
