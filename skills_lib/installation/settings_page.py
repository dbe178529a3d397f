"""The settings as a table for docs/settings.md, and as the `twokey.toml` of a new workspace."""

import json
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr

from skills_lib.settings import Settings, setting_names
from skills_lib.workspace.values import PRIVATE

_HEAD = """# Settings of this workspace. Remove the # before a name and change the value; what keeps it is the default.
# An option of a command is stronger than TWOKEY_NAME in the environment, which is stronger than .env, which is stronger
# than this file. A relative path begins in this folder, and ~ is your home. `twokey doctor` shows what holds.
"""
SPANS = frozenset({"train", "test", "step", "embargo"})
_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path", SecretStr: "text"}


def settings_table() -> str:
    """A Markdown table of every setting: its name, type, default and meaning."""
    rows = [_row(name) for name in setting_names()]
    return "\n".join(["| setting | type | default | meaning |", "|---|---|---|---|", *rows])


def settings_file() -> str:
    """A `twokey.toml` that changes nothing: every setting with its default, or an example, behind a #."""
    lines = [line for name in setting_names() if name not in PRIVATE for line in _lines(name)]
    return "\n".join([_HEAD, *lines]) + "\n"


def _row(name: str) -> str:
    field = Settings.model_fields[name]
    default = "" if _default(name) is None else f"`{shown_value(_default(name))}`"
    kind = "span such as `180d`" if name in SPANS else _kind(field.annotation)
    return f"| `{name}` | {kind} | {default} | {field.description} |"


def _lines(name: str) -> list[str]:
    field, default = Settings.model_fields[name], _default(name)
    shown = default if default is not None else (field.examples or [""])[0]
    return [f"# {str(field.description).replace('`', '')}", f"#{name} = {json.dumps(shown)}", ""]


def _default(name: str) -> Any:
    field = Settings.model_fields[name]
    default = None if field.default_factory else field.default
    return int(default) if isinstance(default, float) and default.is_integer() else default


def shown_value(value: Any) -> str:
    """A value as `twokey.toml` has it, without quotes: 100000 rather than 100000.0, true rather than True."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _kind(annotation: Any) -> str:
    """The type as a reader calls it; allowed values where there are few."""
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return ", ".join(_kind(part) for part in get_args(annotation) if part is not type(None))
    return _TYPES[annotation]
