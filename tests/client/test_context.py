"""What the workspace adds to the context before anything is called, counted from the requests of the real client."""

import json
import re
from pathlib import Path
from typing import Any

from tests.client.conversation import Conversation, conversation
from tests.client.skill_files import AGENTS, ON_COMMAND, STARTED
from tests.client.tools import SERVERS

MAX_TOKENS = 3_000
CHARACTERS_PER_TOKEN = 3.0
"""A cautious estimate: English prose has more than four, names such as `mcp__market__market_scan` more than three."""

CONNECTING = re.compile(r"The following MCP servers are still connecting.*?without first searching\.", flags=re.S)


def characters(request: dict[str, Any]) -> int:
    """Characters of the system prompt, the tools, and every message that the model did not write.

    That servers are still connecting is said once, however long it took.
    """
    texts = [part["text"] for part in request["system"]] + [json.dumps(tool) for tool in request["tools"]]
    for message in request["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if message["role"] != "assistant":
            texts += [block["text"] for block in blocks if block["type"] == "text"]
    notices = CONNECTING.findall("\n".join(texts))
    return sum(map(len, texts)) - sum(map(len, notices[1:]))


def test_the_context_of_the_workspace_is_below_3000_tokens(claude: str, talk: Conversation, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with conversation(claude, empty, tmp_path / "home", {}) as client:
        client.wait_for_servers()
    added = characters(talk.at_start) - characters(client.at_start)
    assert 0 < added / CHARACTERS_PER_TOKEN < MAX_TOKENS, f"{added:,} characters"


def test_everything_that_is_counted_is_there(talk: Conversation) -> None:
    shown = json.dumps(talk.at_start["messages"])
    assert "# Twokey" in shown
    for file in STARTED:
        assert f"- {file.parent.name}: " in shown
    for file in ON_COMMAND:
        assert f"- {file.parent.name}: " not in shown
    for file in AGENTS:
        assert f"- {file.stem}: " in shown
    for server in SERVERS:
        assert f"## {server}\\n" in shown
        assert f"mcp__{server}__{server}_" in shown
