"""Settings of the workspace as the defaults of arguments that have their names."""

from typing import Any

from skills_lib.domain.errors import InputError


def workspace_defaults() -> dict[str, Any]:
    """The settings that are defaults of arguments; none where they cannot be read: the call itself then says why."""
    from skills_lib.settings import Settings

    try:
        return Settings().option_values()
    except InputError:
        return {}


def defaults_for(schema: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The settings for those optional arguments that have the name of one and may have its value."""
    required = schema.get("required", [])
    return {
        name: settings[name]
        for name, part in schema["properties"].items()
        if name in settings and name not in required and settings[name] in part.get("enum", [settings[name]])
    }


def with_defaults(schema: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """`schema`, which says those defaults."""
    found = defaults_for(schema, settings)
    parts = schema["properties"].items()
    described = {name: part | {"default": found[name]} if name in found else part for name, part in parts}
    return schema | {"properties": described}
