"""Reads the register of simulator behaviours and renders it as Markdown tables.

documented: stated by Binance's documentation or SDK. observed: seen in recorded payloads or published probes.
assumed: neither; the less favourable choice was taken where there was one.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from live.simulator.http.rest import ENDPOINTS
from live.simulator.http.websocket_api import METHODS


class Evidence(StrEnum):
    """What a behaviour is based on."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One behaviour: its area, its description and its evidence."""

    area: str
    text: str
    evidence: Evidence


def read_register() -> tuple[Behaviour, ...]:
    """All behaviours, in the order of the page."""
    register = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return tuple(
        Behaviour(area, text, Evidence(evidence))
        for area, section in tomllib.loads(register).items()
        for evidence, text in section["entries"]
    )


def behaviours_table() -> str:
    """The register as Markdown, one section per area."""
    sections: dict[str, list[str]] = {}
    for entry in read_register():
        sections.setdefault(entry.area, []).append(f"| {entry.text} | {entry.evidence} |")
    head = ["", "| behaviour | known from |", "|---|---|"]
    return "\n\n".join("\n".join([f"### {area}", *head, *rows]) for area, rows in sections.items())


def surface_table() -> str:
    """Every endpoint and method as a Markdown table, with weight and required security."""
    rows = [
        f"| `{entry.method}` | `{entry.path}` | {entry.weight if isinstance(entry.weight, int) else 'by parameter'} "
        f"| {entry.security} |"
        for entry in sorted(ENDPOINTS.values(), key=lambda entry: (entry.path, entry.method))
    ]
    calls = [f"| `ws` | `{name}` | {method.weight} | {method.security} |" for name, method in METHODS.items()]
    return "\n".join(["| | path or method | weight | security |", "|---|---|---|---|", *rows, *calls])
