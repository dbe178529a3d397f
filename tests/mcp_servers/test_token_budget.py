"""What all servers together cost in a client's context before anything is called, counted on the wire.

No tokenizer can be downloaded here. JSON takes more than 3.5 characters a token with the tokenizers of today, so 3.5 is
a cautious estimate.
"""

import json
import subprocess
from functools import cache
from typing import Any

from tests.mcp_servers.http_server import HELLO, command
from tests.mcp_servers.mcp_client import ROOT

SERVERS = tuple(json.loads((ROOT / ".mcp.json").read_text(encoding="utf-8"))["mcpServers"])
CHARACTERS_PER_TOKEN = 3.5
MAX_INPUT_TOKENS, MAX_TOKENS = 8_000, 14_000
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


def test_all_servers_together_stay_within_the_budget() -> None:
    inputs = outputs = 0.0
    for name in SERVERS:
        instructions, tools = listed(name)
        outputs += sum(tokens(tool.pop("outputSchema")) for tool in [dict(tool) for tool in tools])
        inputs += tokens(instructions) + sum(
            tokens({key: part for key, part in tool.items() if key != "outputSchema"}) for tool in tools
        )
    assert inputs <= MAX_INPUT_TOKENS
    assert inputs + outputs <= MAX_TOKENS


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
