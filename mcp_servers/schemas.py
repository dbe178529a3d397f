"""Shortens JSON schemas before they are listed: every client pays for them in its context, before any call."""

from collections.abc import Callable, Mapping
from typing import Any

Schema = dict[str, Any]

_NAMED = ("properties", "$defs")
"""Keywords that hold schemas by names of our own."""
_VALUES = ("enum", "const", "default", "required")
"""Keywords that hold values, not schemas."""
_UNUSED = ("title", "discriminator")
_NULL = {"type": "null"}
_REFERENCE = "#/$defs/"


def short_input(schema: Schema) -> Schema:
    """The schema of arguments: unknown ones are forbidden, and an optional one is omitted rather than null."""
    kept = _inlined(_rewritten(_without_docstrings(schema), _without_null))
    return {"properties": {}} | kept | {"additionalProperties": False}


def short_output(schema: Schema) -> Schema:
    """The schema of an answer; of nested objects it does not say which fields are always there."""
    required = {"required": schema["required"]} if "required" in schema else {}
    return _inlined(_rewritten(_without_docstrings(schema), _without_required)) | required


def _without_docstrings(schema: Schema) -> Schema:
    """`schema` without the descriptions of whole models, which say little to a caller; those of fields stay."""
    definitions = {name: _undescribed(part) for name, part in schema.get("$defs", {}).items()}
    return _undescribed(schema) | ({"$defs": definitions} if definitions else {})


def _undescribed(node: Schema) -> Schema:
    return {name: part for name, part in node.items() if name != "description"}


def _rewritten(node: Any, change: Callable[[Schema], Schema]) -> Any:
    """`node` with `change` applied to each schema in it, the innermost first."""
    if isinstance(node, list):
        return [_rewritten(part, change) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {name: part for name, part in node.items() if name not in _UNUSED}
    for name, part in kept.items():
        if name in _NAMED:
            kept[name] = {inner: _rewritten(schema, change) for inner, schema in part.items()}
        elif name not in _VALUES:
            kept[name] = _rewritten(part, change)
    return change(kept)


def _without_null(node: Schema) -> Schema:
    kept = {name: part for name, part in node.items() if not (name == "default" and part is None)}
    options = [option for option in kept.get("anyOf", []) if option != _NULL]
    if len(options) != 1:
        return kept
    only: Schema = options[0]
    return only | {name: part for name, part in kept.items() if name != "anyOf"}


def _without_required(node: Schema) -> Schema:
    kept = {name: part for name, part in node.items() if name != "required"}
    options = kept.get("anyOf", [])
    if options and all(set(option) == {"type"} for option in options):
        del kept["anyOf"]
        names = [option["type"] for option in options]
        return {"type": [name for name in names if name != "integer" or "number" not in names]} | kept
    return kept


def _inlined(schema: Schema) -> Schema:
    """`schema` with each definition that is used once moved to where it is used."""
    definitions: Mapping[str, Any] = schema.get("$defs", {})
    text = repr(schema)
    once = {name: part for name, part in definitions.items() if text.count(f"'{_REFERENCE}{name}'") == 1}

    def resolve(node: Schema) -> Schema:
        name = str(node.get("$ref", "")).removeprefix(_REFERENCE)
        if name not in once:
            return node
        found: Schema = _rewritten(once[name], resolve)
        return found | {key: part for key, part in node.items() if key != "$ref"}

    rest = {name: part for name, part in definitions.items() if name not in once}
    kept = {name: part for name, part in schema.items() if name != "$defs"} | ({"$defs": rest} if rest else {})
    whole: Schema = _rewritten(kept, resolve)
    return whole
