"""Renders the register, and the endpoints and methods, as Markdown tables."""

from live.simulator.behaviours.register import Behaviour, Rule, RuleState, read_behaviours, read_rules
from live.simulator.http.rest import ENDPOINTS
from live.simulator.http.websocket_api import METHODS


def behaviours_table() -> str:
    """The behaviours as Markdown, one section per area."""
    sections: dict[str, list[str]] = {}
    for entry in read_behaviours():
        sections.setdefault(entry.area, []).append(f"| {entry.text} | {_evidence(entry)} |")
    head = ["", "| behaviour | known from |", "|---|---|"]
    return "\n\n".join("\n".join([f"### {area}", *head, *rows]) for area, rows in sections.items())


def _evidence(entry: Behaviour) -> str:
    return f"{entry.evidence}: {entry.source}" if entry.source else entry.evidence


def rules_table() -> str:
    """The rules of Binance's pages as Markdown, one section per page, with their counts first."""
    rules = read_rules()
    sections: dict[str, list[str]] = {}
    for rule in rules:
        sections.setdefault(rule.page, []).append(_row(rule))
    head = ["", "| rule | state | source | test |", "|---|---|---|---|"]
    tables = ["\n".join([f"### {page}", *head, *rows]) for page, rows in sections.items()]
    return "\n\n".join([_counts(rules), *tables])


def _row(rule: Rule) -> str:
    test = f"`{rule.test}`" if rule.test else ""
    return f"| {rule.text} | {rule.state} | {rule.source} | {test} |"


def _counts(rules: tuple[Rule, ...]) -> str:
    counted = {state: sum(rule.state is state for rule in rules) for state in RuleState}
    return f"{len(rules)} rules: " + ", ".join(f"{count} {state}" for state, count in counted.items()) + "."


def surface_table() -> str:
    """Every endpoint and method as a Markdown table, with weight and required security."""
    rows = [
        f"| `{entry.method}` | `{entry.path}` | {entry.weight if isinstance(entry.weight, int) else 'by parameter'} "
        f"| {entry.security} |"
        for entry in sorted(ENDPOINTS.values(), key=lambda entry: (entry.path, entry.method))
    ]
    calls = [f"| `ws` | `{name}` | {method.weight} | {method.security} |" for name, method in METHODS.items()]
    return "\n".join(["| | path or method | weight | security |", "|---|---|---|---|", *rows, *calls])
