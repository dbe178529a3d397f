"""No float is in any structure of the engine or the journal."""

import dataclasses
import importlib
import pkgutil
import typing
from types import ModuleType

import msgspec
import pytest

import live.engine
import live.journal

PACKAGES = (live.engine, live.journal)


def modules() -> list[ModuleType]:
    return [
        importlib.import_module(found.name)
        for package in PACKAGES
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]


def structures() -> list[type]:
    """Every structure and class with annotated fields."""
    found = {
        value
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__.startswith(("live.engine", "live.journal"))
    }
    return sorted(found, key=lambda one: (one.__module__, one.__qualname__))


def parts(annotation: object) -> set[object]:
    """All types named in an annotation."""
    inner = annotation if isinstance(annotation, list) else typing.get_args(annotation)
    if isinstance(annotation, list):
        return set().union(*(parts(one) for one in inner))
    return {annotation}.union(*(parts(one) for one in inner)) if inner else {annotation}


def test_the_structures_of_money_are_found() -> None:
    names = {one.__name__ for one in structures()}
    assert {"Limits", "Intent", "Account", "Fill", "PlaceOrder", "ImbalanceSettings", "Contract"} <= names


@pytest.mark.parametrize("structure", structures(), ids=lambda one: one.__name__)
def test_no_field_is_a_float(structure: type) -> None:
    hints = typing.get_type_hints(structure) if fields(structure) else {}
    assert {name: hint for name, hint in hints.items() if parts(hint) & {float, complex}} == {}


def fields(structure: type) -> bool:
    is_struct = issubclass(structure, msgspec.Struct)
    return is_struct or dataclasses.is_dataclass(structure) or bool(getattr(structure, "__annotations__", {}))


def test_no_function_of_the_engine_takes_or_gives_a_float() -> None:
    found = {
        f"{module.__name__}.{name}"
        for module in modules()
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", "") == module.__name__ and not isinstance(value, type)
        if any(parts(hint) & {float, complex} for hint in typing.get_type_hints(value).values())
    }
    assert found == set()
