"""Properties of every tool of every server."""

import re
import subprocess
import sys

import pytest
from mcp.server import MCPServer
from mcp_types import Tool

from mcp_servers.backtest.server import server as backtest
from mcp_servers.live.server import server as live
from mcp_servers.market.server import server as market
from mcp_servers.strategy.server import server as strategy
from mcp_servers.trade_log.server import server as trade_log
from mcp_servers.validation.server import server as validation
from tests.mcp_servers.mcp_client import ERAS, ROOT, list_tools

SERVERS = {
    **{"backtest": backtest, "market": market, "validation": validation, "strategy": strategy, "live": live},
    **{"trade_log": trade_log},
}
PROMISED = {
    "backtest": {
        "backtest_list_strategies",
        "backtest_describe_strategy",
        "backtest_run",
        "backtest_list_runs",
        "backtest_get_run",
        "backtest_get_picture",
        "backtest_compare_runs",
    },
    "market": {
        "market_get_bars",
        "market_search_symbols",
        "market_list_data",
        "market_fetch",
        "market_fetch_status",
        "market_cancel_fetch",
        "market_subscribe_book",
        "market_get_book",
        "market_read_book",
        "market_get_imbalance",
        "market_feed_status",
        "market_scan",
    },
    "validation": {
        "validation_start_optimize",
        "validation_start_walk_forward",
        "validation_start",
        "validation_status",
        "validation_cancel",
        "validation_get_report",
        "validation_get_picture",
        "validation_ledger",
    },
    "strategy": {"strategy_read", "strategy_create"},
    "live": {"live_status", "live_explain", "live_pause", "live_stop", "live_kill"},
    "trade_log": {
        "trade_log_query",
        "trade_log_summary",
        "trade_log_sync",
        "trade_log_reconcile",
        "trade_log_record_backtest",
        "trade_log_flows",
    },
}
TOOLS = [tool for server in SERVERS.values() for tool in list_tools(server)]
each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("name", SERVERS)
def test_both_eras_see_the_promised_tools(name: str, mode: str) -> None:
    assert {tool.name for tool in list_tools(SERVERS[name], mode)} == PROMISED[name]


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_a_server_says_how_to_report_its_results(server: MCPServer) -> None:
    assert "synthetic" in (server.instructions or "")
    assert "nothing here can trade" in (server.instructions or "")


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_starts_without_the_heavy_libraries(name: str) -> None:
    program = f"import mcp_servers.{name}, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"pandas", "ccxt", "backtesting", "duckdb", "matplotlib"} & set(loaded.stdout.split())


@each_tool
def test_a_tool_has_a_title_and_all_four_annotations(tool: Tool) -> None:
    hints = tool.annotations
    assert tool.title
    assert hints is not None
    given = (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint)
    assert None not in given
    assert hints.destructive_hint is (tool.name in ("strategy_create", "live_stop", "live_kill"))


def test_no_server_has_more_than_fifteen_tools_and_each_is_named_after_its_server() -> None:
    for name, names in PROMISED.items():
        assert len(names) <= 15
        assert all(tool.startswith(f"{name}_") for tool in names)


def test_only_runs_jobs_downloads_new_strategies_the_log_and_what_stops_a_daemon_write() -> None:
    assert {tool.name for tool in TOOLS if not tool.annotations.read_only_hint} == {
        "backtest_run",
        "live_kill",
        "live_pause",
        "live_stop",
        "market_fetch",
        "market_cancel_fetch",
        "strategy_create",
        "trade_log_record_backtest",
        "trade_log_sync",
        "validation_start_optimize",
        "validation_start_walk_forward",
        "validation_start",
        "validation_cancel",
    }


@each_tool
def test_a_description_names_a_sibling_to_use_instead(tool: Tool) -> None:
    others = {other.name for other in TOOLS} - {tool.name}
    assert any(other in tool.description for other in others)
    assert "\n    " not in tool.description


@each_tool
def test_every_argument_is_constrained_and_unknown_ones_are_excluded(tool: Tool) -> None:
    assert tool.input_schema["additionalProperties"] is False
    definitions = tool.input_schema.get("$defs", {})
    for name, schema in tool.input_schema.get("properties", {}).items():
        assert _is_bounded(schema, definitions), f"{tool.name}.{name} accepts anything: {schema}"


@each_tool
def test_an_answer_has_a_schema_and_says_the_next_step(tool: Tool) -> None:
    assert tool.output_schema is not None
    assert "next_step" in tool.output_schema["required"]


def test_the_list_in_the_docs_is_the_list_of_tools() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [tool.name for tool in TOOLS]


def _is_bounded(schema: dict, definitions: dict) -> bool:
    if "$ref" in schema:
        return _is_bounded(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "anyOf" in schema:
        return all(_is_bounded(option, definitions) for option in schema["anyOf"])
    bounds = {
        "string": {"pattern", "enum", "maxLength"},
        "integer": {"maximum"},
        "number": {"maximum", "exclusiveMaximum"},
        "array": {"maxItems"},
        "object": {"maxProperties"},
    }
    kind = schema["type"]
    if kind == "array" and not _is_bounded(schema["items"], definitions):
        return False
    return kind in ("null", "boolean") or bool(bounds[kind] & schema.keys())
