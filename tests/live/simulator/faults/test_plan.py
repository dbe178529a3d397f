"""Reading of fault plans: what is accepted, and one line for what is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from live.simulator.faults import CATALOGUE, KINDS, FaultPlan, built_in_plan, read_plan
from live.simulator.faults.plan import Fault
from skills_lib.domain.errors import InputError
from tests.live.simulator.faults.tried import tried


def refusal(tmp_path: Path, text: str, name: str = "plan.json") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_plan(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_plan_is_read_from_toml_and_from_json(tmp_path: Path) -> None:
    toml, text = tmp_path / "plan.toml", tmp_path / "plan.json"
    toml.write_text('[[faults]]\nkind = "drop"\nstream = "*@depth*"\nwhen = { nth = 10 }\n', encoding="utf-8")
    entry = {"kind": "drop", "stream": "*@depth*", "when": {"nth": 10}}
    text.write_text(json.dumps({"faults": [entry]}), encoding="utf-8")
    assert read_plan(toml) == read_plan(text)


@pytest.mark.parametrize(
    ("entry", "messages"),
    [
        ({"kind": "explode"}, ["faults 1", "explode", "drop", "--faults list"]),
        ({}, ["faults 1", "no kind", "drop"]),
        ({"kind": ["drop"]}, ["faults 1"]),
        ({"kind": "drop", "often": 1}, ["faults 1 (drop)", "often", "stream"]),
        ({"kind": "drop", "after": 1}, ["after", "when"]),
        ({"kind": "drop", "when": {"nth": 0}}, ["when.nth", "greater than or equal to 1"]),
        ({"kind": "drop", "when": {"nth": 1.5}}, ["when.nth"]),
        ({"kind": "drop", "when": {"probability": 1.5}}, ["when.probability", "less than or equal to 1"]),
        ({"kind": "drop", "when": {"soon": 1}}, ["when", "nth, at_ms, condition, probability"]),
        ({"kind": "drop", "when": 3}, ["when", "nth, at_ms, condition, probability"]),
        ({"kind": "drop", "when": {"nth": 1, "at_ms": 5}}, ["when.nth", "at_ms"]),
        ({"kind": "drop", "when": {"condition": "rain"}}, ["when.condition", "position_open"]),
        ({"kind": "drop", "end": {"later": 1}}, ["end", "count, duration_ms, until"]),
        ({"kind": "drop", "end": {"count": 1, "duration_ms": 3}}, ["end.duration_ms", "count"]),
        ({"kind": "drop", "end": {"condition_ends": True}}, ["condition_ends"]),
        ({"kind": "outage", "end": {"count": 2}}, ["end.count", "duration_ms"]),
        ({"kind": "change_filters"}, ["symbol", "required"]),
        ({"kind": "answer", "reply": "200"}, ["reply", "unknown_503"]),
        ({"kind": "foreign_action", "amount": "much"}, ["amount"]),
        ({"kind": "server_close", "code": 99}, ["code"]),
        ({"kind": "late_visible", "hidden_ms": 10**9}, ["hidden_ms", "1800000"]),
    ],
)
def test_an_entry_that_does_not_fit_is_named_with_what_is_allowed(
    tmp_path: Path, entry: dict[str, Any], messages: list[str]
) -> None:
    found = refusal(tmp_path, json.dumps({"faults": [entry]}))
    assert [message for message in messages if message not in found] == []


@pytest.mark.parametrize("text", ["{", "[]", "5", '{"fault": []}', '{"faults": 3}', '{"faults": [3]}', "[" * 100_000])
def test_what_is_no_plan_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    assert "docs/simulator.md" in refusal(tmp_path, text)


@pytest.mark.parametrize("name", ["plan.toml", "plan.json"])
def test_a_refusal_does_not_repeat_the_content_of_the_file(tmp_path: Path, name: str) -> None:
    secret = "s3cret" * 40
    for text in (f'api_secret = "{secret}"', json.dumps({"faults": [{"kind": secret}]}), f"{secret}\n{secret}"):
        assert secret not in refusal(tmp_path, text, name)


def test_the_second_entry_is_named_by_its_place(tmp_path: Path) -> None:
    entries = [{"kind": "drop"}, {"kind": "delay", "delay_ms": -1}]
    assert "faults 2 (delay): delay_ms" in refusal(tmp_path, json.dumps({"faults": entries}))


def test_built_in_names_are_separated_by_commas() -> None:
    assert [fault.kind for fault in built_in_plan("late_visible, adl").faults] == ["late_visible", "adl"]
    with pytest.raises(InputError, match="There is no fault explode"):
        built_in_plan("adl,explode")


def test_every_kind_of_the_union_is_in_the_catalogue() -> None:
    assert set(CATALOGUE) == set(KINDS)
    assert len(KINDS) == len(Fault.__origin__.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"kind": "liquidate", "symbol": "BTCUSD"}, "names the symbol BTCUSD"),
        ({"kind": "liquidate", "account": "nobody"}, "names the account nobody"),
        ({"kind": "drop", "when": {"condition": "fill", "symbol": "X"}}, "names the symbol X"),
        ({"kind": "drop", "end": {"until": "fill", "account": "x"}}, "names the account x"),
        ({"kind": "change_filters", "filters": {"PRICE": {"tickSize": "1"}}}, "has no filter PRICE"),
        ({"kind": "change_filters", "filters": {"PRICE_FILTER": {"tick": "1"}}}, "PRICE_FILTER has no value tick"),
        ({"kind": "change_filters", "filters": {"PRICE_FILTER": {"tickSize": "x"}}}, "is no number"),
        ({"kind": "change_filters", "filters": {"PRICE_FILTER": {"tickSize": "0"}}}, "must be above 0"),
    ],
)
def test_a_plan_that_names_what_does_not_exist_is_refused_at_the_start(entry: dict[str, Any], message: str) -> None:
    symbol = {"symbol": "BTCUSDT"} if entry["kind"] == "change_filters" else {}
    with pytest.raises(InputError, match=message):
        tried(symbol | entry)


def test_a_plan_can_be_copied_into_another() -> None:
    plan = built_in_plan("drop,outage")
    assert FaultPlan.model_validate(plan.model_dump()) == plan
