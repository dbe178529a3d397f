"""The base of frozen models, and parsing of input into models with one-line errors."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from skills_lib.domain.errors import InputError, did_you_mean

M = TypeVar("M", bound=BaseModel)

_SHOWN = 80
_ALLOWED: Mapping[str, str] = {
    "greater_than": "Give more than {gt}.",
    "greater_than_equal": "Give at least {ge}.",
    "less_than": "Give less than {lt}.",
    "less_than_equal": "Give at most {le}.",
    "finite_number": "Give a finite number.",
    "string_too_short": "Give at least {min_length} characters.",
    "string_too_long": "Give at most {max_length} characters.",
    "string_pattern_mismatch": "Give text that matches {pattern}.",
    "too_short": "Give at least {min_length} entries.",
    "too_long": "Give at most {max_length} entries.",
    "value_error": "{error}.",
}
_KINDS = {
    "int": "Give a whole number.",
    "float": "Give a number.",
    "bool": "Give true or false.",
    "string": "Give text.",
    "list": "Give a list.",
    "dict": "Give an object of names and values.",
}


class FrozenModel(BaseModel):
    """An immutable pydantic model."""

    model_config = ConfigDict(defer_build=True, frozen=True)


def parse_model(model: type[M], **values: Any) -> M:
    """Build `model` from `values`.

    Raises:
        InputError: names the first invalid value and what is allowed.
    """
    try:
        return model(**values)
    except ValidationError as error:
        raise InputError(explain_problem(error.errors(include_url=False)[0], model.model_fields)) from None


def explain_problem(problem: Mapping[str, Any], known: Mapping[str, object]) -> str:
    """What was found and what is allowed, for one entry of `ValidationError.errors()`; `known`: the field names."""
    name = ".".join(str(part) for part in problem["loc"]) or "request"
    if problem["type"] == "missing":
        return f"{name} is missing."
    if problem["type"] == "extra_forbidden":
        return f"Unknown name '{name}'.{did_you_mean(name, known)} Allowed: {', '.join(known)}."
    if problem["type"] == "union_tag_invalid":
        context = problem["ctx"]
        return f"{context['discriminator']} is '{context['tag']}'. Allowed: {context['expected_tags']}."
    return f"{name}={str(problem['input'])[:_SHOWN]} is not allowed. {what_is_allowed(problem)}"


def what_is_allowed(problem: Mapping[str, Any]) -> str:
    """A sentence on the values that are allowed instead of the one that `problem` names."""
    kind = str(problem["type"])
    context = {name: _number(value) for name, value in problem.get("ctx", {}).items()}
    if kind in ("enum", "literal_error"):
        names = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"{did_you_mean(str(problem['input']), names)} Allowed: {', '.join(names)}.".lstrip()
    if kind in _ALLOWED:
        return _ALLOWED[kind].format_map(context)
    return _KINDS.get(kind.partition("_")[0], "Give a value of the documented type.")


def _number(value: object) -> object:
    """A bound as it is written: 1,000,000 rather than 1000000.0."""
    return f"{int(value):,}" if isinstance(value, int | float) and value == int(value) else value
