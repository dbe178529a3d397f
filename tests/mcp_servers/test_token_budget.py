"""What all servers together cost in a client's context before anything is called, counted on the wire.

No tokenizer can be downloaded here. JSON takes more than 3.5 characters a token with the tokenizers of today, so 3.5 is
a cautious estimate.
"""

import json
import subprocess
from collections.abc import Iterable
from functools import cache
from typing import Any

from tests.mcp_servers.http_server import HELLO, command
from tests.mcp_servers.mcp_client import ROOT

SERVERS = tuple(json.loads((ROOT / ".mcp.json").read_text(encoding="utf-8"))["mcpServers"])
CHARACTERS_PER_TOKEN = 3.5
MAX_INPUT_TOKENS, MAX_TOKENS = 8_000, 14_000
FURTHER = {"trade_log": (1_100, 1_600)}
"""Servers with a budget of their own: of inputs, and of inputs and outputs."""
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}


@cache
def listed(name: str) -> tuple[str, list[dict[str, Any]]]:
    """The instructions and tools of a server, as they come out of its process."""
    sent = "".join(json.dumps(message) + "\n" for message in (HELLO, READY, LIST))
    process = subprocess.Popen(command(name), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        process.stdin.write(sent)
        process.stdin.flush()
        answers = {}
        while 2 not in answers:
            message = json.loads(process.stdout.readline())
            answers[message.get("id")] = message
        process.stdin.close()
    return answers[1]["result"]["instructions"], answers[2]["result"]["tools"]


def tokens(value: Any) -> float:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) / CHARACTERS_PER_TOKEN


def cost(names: Iterable[str]) -> tuple[float, float]:
    """Tokens of instructions and inputs, and of outputs."""
    inputs = outputs = 0.0
    for name in names:
        instructions, tools = listed(name)
        outputs += sum(tokens(tool.pop("outputSchema")) for tool in [dict(tool) for tool in tools])
        inputs += tokens(instructions) + sum(
            tokens({key: part for key, part in tool.items() if key != "outputSchema"}) for tool in tools
        )
    return inputs, outputs


def test_the_servers_of_research_and_of_the_daemon_together_stay_within_the_budget() -> None:
    inputs, outputs = cost(name for name in SERVERS if name not in FURTHER)
    assert inputs <= MAX_INPUT_TOKENS
    assert inputs + outputs <= MAX_TOKENS


def test_a_further_server_stays_within_a_budget_of_its_own() -> None:
    """The trade log's six tools do not fit the budget of the five servers before it, which was full.

    Hints, names and types alone, all of which other tests require, are two thirds of what they cost. Nothing else may
    grow because they are there, and a client that reads no trade log leaves the server out, as it does `strategy`.
    """
    for name, (largest_inputs, largest) in FURTHER.items():
        inputs, outputs = cost([name])
        assert inputs <= largest_inputs
        assert inputs + outputs <= largest


def test_no_schema_repeats_what_its_names_say() -> None:
    for name in SERVERS:
        for tool in listed(name)[1]:
            schemas = [tool["inputSchema"], tool["outputSchema"]]
            assert '"title": ' not in json.dumps([without_names(schema) for schema in schemas]), tool["name"]
            assert '{"type": "null"}' not in json.dumps(tool["inputSchema"]), tool["name"]


def without_names(node: Any) -> Any:
    """The schema without its properties' names, which may be any word."""
    if isinstance(node, list):
        return [without_names(part) for part in node]
    if not isinstance(node, dict):
        return node
    return {
        key: [without_names(schema) for schema in part.values()]
        if key in ("properties", "$defs")
        else without_names(part)
        for key, part in node.items()
    }
