"""Every answer fits 8 kB as valid JSON whatever it holds, keeps its paths, and tells how much was left out."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from skills_lib.answers.bounds import CUT, MAX_BYTES, bounded, plain, text_of
from skills_lib.answers.model import Answer
from tests.repository import ROOT

MANY, FEW = 400, 2
LONG = "Überhöhte Gebühren – 手数料が高すぎる 💸 " * 20
FOLDER = Path("/") / "Arbeit der Zukunft 未来" / "backtests" / ("é" * 200) / ("x" * 250)
NOT_FINITE = float("nan")


def answer_types() -> list[type[Answer]]:
    """Every answer of the package."""
    for file in (ROOT / "skills_lib" / "answers").glob("*.py"):
        import_module(f"skills_lib.answers.{file.stem}")
    return [found for found in subclasses(Answer) if not found.__name__.startswith("_")]


def subclasses(base: type[Answer]) -> Iterator[type[Answer]]:
    for found in base.__subclasses__():
        yield found
        yield from subclasses(found)


def huge(wanted: Any, many: int = MANY) -> Any:
    """A value of a type, as large as anybody could store; what is inside a list or map has fewer entries."""
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        return huge(next(one for one in arguments if one is not NoneType), many)
    if origin is Literal:
        return arguments[0]
    if origin is list:
        return [huge(arguments[0], FEW) for _ in range(many)]
    if origin is dict:
        return {f"Name {number} 名前": huge(arguments[1], FEW) for number in range(many)}
    if isinstance(wanted, type) and issubclass(wanted, BaseModel):
        return wanted.model_construct(**{name: huge(f.annotation, many) for name, f in wanted.model_fields.items()})
    return {str: LONG, Path: FOLDER / "result.json", float: NOT_FINITE, int: 10**12, bool: True}.get(wanted, LONG)


def shortened(value: list[Any] | dict[str, Any], found: Any) -> bool:
    """Whether entries are missing; a model in an answer may gain the `…_total` of a list of its own."""
    return len(found) < len(value) if isinstance(value, list) else not value.keys() <= found.keys()


@pytest.mark.parametrize("model", answer_types(), ids=lambda model: model.__name__)
def test_the_largest_answer_fits_and_names_the_file_with_the_whole(model: type[Answer]) -> None:
    answer = huge(model)
    text = answer.text()
    assert len(text.encode()) <= MAX_BYTES == 8_000
    assert text.count("\n") == 1
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert found["path"] == str(FOLDER / "result.json")
    assert list(found)[-2:] == ["path", "next"]
    for name, value in answer.payload().items():
        if isinstance(value, list | dict) and shortened(value, found[name]):
            assert found[f"{name}_total"] == len(value)


@pytest.mark.parametrize("model", answer_types(), ids=lambda model: model.__name__)
def test_what_matters_is_shortened_last(model: type[Answer]) -> None:
    assert set(model.MATTERS) <= model.model_fields.keys()


def test_a_list_keeps_its_first_entries_and_a_text_says_that_it_was_cut() -> None:
    fields = plain({"verdict": "FAIL", "warnings": [f"warning {number}" for number in range(2_000)], "source": LONG})
    found = bounded(fields)
    assert found["verdict"] == "FAIL"
    assert found["warnings"][0] == "warning 0"
    assert found["warnings_total"] == 2_000
    assert len(text_of(found).encode()) <= MAX_BYTES
    long = bounded(plain({"source": LONG}), 500)["source"]
    assert long.endswith(CUT)
    assert LONG.startswith(long.removesuffix(CUT))
    assert " " in LONG[len(long.removesuffix(CUT)) :][:1]


def test_a_short_answer_is_not_changed() -> None:
    fields = {"a": [1, 2, 3], "b": {"c": "text"}, "path": "/tmp/x"}
    assert bounded(plain(fields)) == fields


def test_the_verdict_of_a_validation_survives_twenty_assets_and_long_warnings() -> None:
    rules = [{"name": f"Rule {number}", "value": 0.1, "passed": False} for number in range(11)]
    fields: dict[str, Any] = {"verdict": {"label": "FAIL", "rules": rules}}
    fields |= {"assets": [{"symbol": f"A{number}USDT", "return_pct": 1.5} for number in range(20)] * 20}
    fields |= {"warnings": [LONG] * 50}
    found = bounded(plain(fields), matters=("verdict",))
    assert found["verdict"] == {"label": "FAIL", "rules": rules}
    assert len(text_of(found).encode()) <= MAX_BYTES


def test_nan_and_infinity_are_null() -> None:
    assert json.loads(text_of(plain({"a": float("nan"), "b": [float("inf")], "c": {"d": -float("inf")}}))) == {
        "a": None,
        "b": [None],
        "c": {"d": None},
    }


def test_a_file_name_that_is_no_utf8_is_still_json() -> None:
    name = b"/data/\xff\xfe.csv".decode("utf-8", "surrogateescape")
    assert json.loads(text_of(plain({"path": Path(name)})))["path"] == name


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=60) | st.dictionaries(st.text(max_size=10), inner, max_size=30),
    max_leaves=40,
)


@pytest.mark.hypothesis
@settings(max_examples=40)
@given(st.dictionaries(st.text(min_size=1, max_size=10), JSON_VALUES, max_size=20))
def test_anything_becomes_valid_json_and_fits_where_its_words_can_be_cut(fields: dict[str, Any]) -> None:
    found = bounded(plain(fields), 2_000)
    text = text_of(found)
    json.loads(text)
    unbroken = sum(len(key.encode(errors="replace")) * 6 + 400 for key in fields)
    assert len(text.encode()) <= max(2_000, unbroken + 2_000)
