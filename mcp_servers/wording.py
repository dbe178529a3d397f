"""Writes messages of the library for a caller that has tools and arguments instead of commands and options."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from skills_lib.domain.models import what_is_allowed
from skills_lib.domain.options import spell_options

_TOOLS = {
    "twokey compare": "backtest_compare_runs",
    "twokey data fetch": "market_fetch",
    "twokey data list": "market_list_data",
    "twokey ledger": "validation_ledger",
    "twokey optimize": "validation_start_optimize",
    "twokey runs": "backtest_list_runs",
    "twokey strategies": "backtest_list_strategies",
    "twokey test-strategy": "backtest_run",
    "twokey validate": "validation_start",
    "twokey walk-forward": "validation_start_walk_forward",
}
_COMMAND = re.compile(r"(?P<run>\b[Rr]un )?`(?P<line>twokey (?:data )?[a-z-]+)(?P<rest>[^`]*)`")
_MAX_PROBLEMS = 5
_SHOWN = 80


def for_caller(message: str) -> str:
    """`message` in one line, with arguments instead of options, and tools instead of commands.

    A command without a tool is one for the user to run.
    """
    return " ".join(_COMMAND.sub(_tool, spell_options(message, _argument)).split())


def worded(value: Any) -> Any:
    """`value` with `for_caller` applied to each line of text in it that names an option or a command."""
    if isinstance(value, dict):
        return {name: worded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [worded(part) for part in value]
    is_line = isinstance(value, str) and "`" in value and "\n" not in value
    return for_caller(value) if is_line else value


def explain_arguments(error: ValidationError, properties: Mapping[str, Any]) -> str:
    """What was found and what is allowed, for each argument; `properties`: their schemas by name."""
    return " ".join(list(_explained(error, properties))[:_MAX_PROBLEMS])


def _argument(name: str, value: str | None) -> str:
    if name == "tape":
        return 'source="tapes"'
    if name == "param":
        parameter, _, values = (value or "").partition("=")
        return f"ranges={json.dumps({parameter: values})}" if values else "ranges"
    return name if value is None else f'{name}="{value}"'


def _tool(found: re.Match[str]) -> str:
    run = found["run"] or ""
    if tool := _TOOLS.get(found["line"]):
        return f"{'Call ' if run == 'Run ' else 'call ' if run else ''}{tool}"
    command = f"`{found['line']}{found['rest']}`"
    return f"{'Ask' if run == 'Run ' else 'ask'} the user to run {command}" if run else f"{command}, run by the user"


def _explained(error: ValidationError, properties: Mapping[str, Any]) -> Iterator[str]:
    problems = error.errors(include_url=False)
    for path, same in groupby(problems, lambda problem: tuple(map(str, problem["loc"][:2]))):
        alike = list(same)
        if alike[0]["type"] == "missing":
            yield f"{path[0]} is missing."
        else:
            shown = json.dumps(alike[0]["input"], default=str, ensure_ascii=False)[:_SHOWN]
            yield f"{'.'.join(path)}: found {shown}. {_allowed(alike, properties.get(path[0], {}))}"


def _allowed(problems: list[Any], schema: Mapping[str, Any]) -> str:
    if problems[0]["type"] == "string_pattern_mismatch" and "description" in schema:
        return f"Allowed: {schema['description']}."
    texts = dict.fromkeys(what_is_allowed(problem) for problem in problems)
    if len(texts) == 1:
        return next(iter(texts))
    return "Give " + " or ".join(text.removeprefix("Give ").removesuffix(".") for text in texts) + "."
