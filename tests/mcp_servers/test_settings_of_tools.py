"""Settings of the workspace are the defaults of the tools' arguments, in their schemas and in their calls."""

import importlib
from typing import Any

import anyio
import pytest
from mcp.server import MCPServer

from skills_lib.settings import OPTIONS, Settings
from tests.mcp_servers.mcp_client import answer, refusal

NOT_TAKEN = {"benchmark", "data_dir"}
"""Options that no tool has."""


@pytest.fixture(autouse=True)
def offline(workspace: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOKEY_EXCHANGE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TWOKEY_HTTP_ATTEMPTS", "1")


def server(name: str) -> MCPServer[Any]:
    found: MCPServer[Any] = importlib.import_module(f"mcp_servers.{name}.server").server
    return found


def arguments(name: str, tool: str) -> dict[str, Any]:
    """The schema of every argument of a tool, as a client sees it."""
    (found,) = [one for one in anyio.run(server(name).list_tools) if one.name == tool]
    properties: dict[str, Any] = found.input_schema["properties"]
    return properties


def defaults(name: str, tool: str) -> dict[str, Any]:
    """The default of every argument of a tool that has one."""
    return {key: schema["default"] for key, schema in arguments(name, tool).items() if "default" in schema}


def test_without_a_file_the_defaults_are_those_of_the_settings(workspace: Settings) -> None:
    for tool in ("validation_start", "validation_start_walk_forward", "validation_start_optimize"):
        found = defaults("validation", tool)
        assert {name: found[name] for name in workspace.option_values() if name in found} == {
            name: value for name, value in workspace.option_values().items() if name in found
        }
    assert set(OPTIONS) - set(arguments("validation", "validation_start")) == NOT_TAKEN


def test_a_schema_shows_the_defaults_that_hold(workspace: Settings) -> None:
    plain = defaults("backtest", "backtest_run")
    (workspace.home / "twokey.toml").write_text('cash = 4321\ncosts = "ib-stock"\nexchange = "kraken"\ntrain = "90d"')
    changed = defaults("backtest", "backtest_run")
    assert {name: value for name, value in changed.items() if plain[name] != value} == {
        "cash": 4321,
        "costs": "ib-stock",
        "exchange": "kraken",
    }
    assert defaults("validation", "validation_start")["train"] == "90d"


def test_a_call_takes_the_setting_and_an_argument_is_stronger(workspace: Settings) -> None:
    (workspace.home / "twokey.toml").write_text('exchange = "binanceusdm"')
    assert answer(server("market"), "market_search_symbols", text="btc")["exchange"] == "binanceusdm"
    assert answer(server("market"), "market_search_symbols", text="btc", exchange="binance")["exchange"] == "binance"


def test_a_wrong_file_is_one_line_of_the_call_and_the_tools_are_still_listed(workspace: Settings) -> None:
    (workspace.home / "twokey.toml").write_text("csah = 1")
    assert "cash" in defaults("backtest", "backtest_run")
    assert "Unknown setting csah" in refusal(server("market"), "market_search_symbols", text="btc")
