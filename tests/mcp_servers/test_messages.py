"""Messages name options so that commands and MCP callers can both follow them, and never show pydantic's words."""

import ast
import re
from typing import Annotated, get_args

import pytest
from pydantic import BaseModel, Field, ValidationError

from mcp_servers.wording import explain_arguments, for_caller, worded
from scripts.invocation import readable
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.models import parse_model
from skills_lib.domain.options import OptionName, option
from tests.mcp_servers.mcp_client import ROOT

FLAG = re.compile(r"(?<![\w(-])--[a-z][a-z-]*+(?!:)")
"""A flag of a command; not a property of CSS."""
SOURCES = [path for path in (ROOT / "skills_lib").rglob("*.py") if path.parent.name != "installation"]


class AllFields(BaseModel, extra="forbid"):
    """A field of each kind that an argument may have."""

    count: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    name: Annotated[str, Field(min_length=2, max_length=5, pattern="^[a-z]+$")] = "abc"
    words: Annotated[list[str], Field(min_length=1, max_length=2)] = ["a"]
    values: Annotated[dict[str, bool | int | float], Field(max_length=1)] = {}
    flag: bool = False


WRONG = [
    {"count": 0},
    {"count": 2_000_000},
    {"count": 1.5},
    {"count": "many"},
    {"count": None},
    {"share": 0},
    {"share": float("nan")},
    {"share": float("inf")},
    {"name": "a"},
    {"name": "abcdef"},
    {"name": "AB"},
    {"name": 5},
    {"words": []},
    {"words": ["a"] * 3},
    {"words": "a"},
    {"values": {"a": []}},
    {"values": {"a": 1, "b": 2}},
    {"values": []},
    {"flag": "perhaps"},
    {"nmae": 1},
]
PYDANTIC = ("input should", "should be", "valid ", "unable to", "for further", "value error", "type=", "extra inputs")


def literals(source: str) -> list[str]:
    """Every text in the code but docstrings and comments."""
    tree = ast.parse(source)
    lone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in lone
    ]


def test_no_message_of_the_library_is_written_for_the_command_alone() -> None:
    for path in SOURCES:
        assert [text for text in literals(path.read_text(encoding="utf-8")) if FLAG.search(text)] == [], path


@pytest.mark.parametrize("name", get_args(OptionName))
def test_every_option_is_a_flag_to_the_command_and_an_argument_to_a_tool(name: OptionName) -> None:
    for message in (f"Change {option(name)}.", f"Use {option(name, 'x')}, not another."):
        assert f"--{name.replace('_', '-')}" in readable(message)
        assert "`" not in readable(message)
        assert "--" not in for_caller(message)
        assert "`" not in for_caller(message)


def test_a_message_is_spelled_for_each_reader() -> None:
    message = f"Lower {option('min_trades')}, use {option('source', 'archive')} or {option('since')}."
    assert readable(message) == "Lower --min-trades, use --source archive or --since."
    assert for_caller(message) == 'Lower min_trades, use source="archive" or since.'
    assert for_caller(option("param", "fast=5:60:5")) == 'ranges={"fast": "5:60:5"}'


def test_a_value_cannot_forge_an_option() -> None:
    assert readable(option("param", "x` `until=2020")) == "--param x' 'until=2020"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("`twokey runs` lists the 3 stored runs.", "backtest_list_runs lists the 3 stored runs."),
        ("Run `twokey data fetch BTC/USDT 1h`.", "Call market_fetch."),
        ("No cache. Run `twokey data import FILE`.", "No cache. Ask the user to run `twokey data import FILE`."),
        ("Change it, or run `twokey record BTCUSDT`.", "Change it, or ask the user to run `twokey record BTCUSDT`."),
        ("Record one with `twokey record X`.", "Record one with `twokey record X`, run by the user."),
        ("two\nlines", "two lines"),
    ],
)
def test_a_command_is_a_tool_to_a_caller_or_something_to_ask_the_user_for(message: str, expected: str) -> None:
    assert for_caller(message) == expected


def test_lines_inside_an_answer_are_worded_too_but_no_source_or_report() -> None:
    code = "# Run `twokey runs`\nx = 1\n"
    assert worded({"a": ["Run `twokey runs`."], "source": code, "n": 1.5, "b": None}) == {
        "a": ["Call backtest_list_runs."],
        "source": code,
        "n": 1.5,
        "b": None,
    }


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_no_word_of_pydantic_reaches_anybody(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError) as refusal:
        parse_model(AllFields, **wrong)
    with pytest.raises(ValidationError) as invalid:
        AllFields.model_validate(wrong)
    for text in (str(refusal.value), explain_arguments(invalid.value, {})):
        assert not [word for word in PYDANTIC if word in text.lower()], text
        assert next(iter(wrong)) in text
        assert re.search(r"(Give|Allowed)\b", text), text
        assert "\n" not in text


@pytest.mark.parametrize(
    ("found", "allowed", "meant"),
    [
        ("sma", ("macd_trend", "sma_crossover"), "sma_crossover"),
        ("SMA", ("sma_crossover", "smart_money"), "smart_money"),
        ("crossover", ("sma_crossover", "over"), "sma_crossover"),
        ("sma_crosover", ("sma_crossover", "s"), "sma_crossover"),
        ("usdm", ("usdm-taker", "default"), "usdm-taker"),
        ("zzz", ("sma_crossover",), None),
        ("s", ("sma_crossover",), None),
        ("", ("sma_crossover",), None),
    ],
)
def test_a_name_is_suggested_from_its_start_and_else_by_likeness(
    found: str, allowed: tuple[str, ...], meant: str | None
) -> None:
    assert did_you_mean(found, allowed) == (f" Did you mean '{meant}'?" if meant else "")
