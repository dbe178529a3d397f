"""A conversation with the real Claude Code client, whose model is scripted; nothing of it leaves the machine."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.client.scripted_model import Block, Call, Say, ScriptedModel, scripted_model


@dataclass(frozen=True)
class Result:
    """What a tool returned to the model. `denied`: permission was refused or would have been asked for."""

    text: str
    is_error: bool
    denied: bool


@dataclass(frozen=True)
class Answer:
    """The last sentence to the person, the results of all calls by their id, and the first request it caused."""

    text: str
    results: dict[str, Result]
    first_request: dict[str, Any]

    def of(self, call: Call) -> Result:
        """What `call` returned."""
        return self.results[call.id]


class Conversation:
    """One running client. `at_start`: a request after nothing but greetings, once all servers have connected."""

    def __init__(self, process: subprocess.Popen[str], model: ScriptedModel) -> None:
        self._process, self.model = process, model
        self.at_start: dict[str, Any] = {}

    def ask(self, prompt: str, *replies: Sequence[Block]) -> Answer:
        """Type `prompt`, let the model give `replies`, one for each request, and return the answer."""
        first = len(self.model.requests)
        self.model.replies.extend(replies)
        message = {"type": "user", "message": {"role": "user", "content": prompt}}
        _pipe(self._process.stdin).write(json.dumps(message) + "\n")
        _pipe(self._process.stdin).flush()
        results, denied = {}, set[str]()
        for event in self._events():
            if event["type"] == "result":
                denied = {refused["tool_use_id"] for refused in event.get("permission_denials", [])}
                text = event.get("result", "")
                break
            results |= _results_in(event)
        found = {key: Result(text, error, key in denied) for key, (text, error) in results.items()}
        self.model.replies.clear()
        return Answer(text, found, self.model.requests[first])

    def wait_for_servers(self) -> None:
        """Greet until all servers have connected; a search that finds nothing waits up to ten seconds for them."""
        connecting = True
        while connecting:
            search = Call("ToolSearch", {"query": "qwertyuiop"})
            connecting = "still connecting" in self.ask("Hello.", [search], [Say("Hello.")]).of(search).text
        self.ask("Hello.", [Say("Hello.")])
        self.at_start = self.model.requests[-1]

    def try_all(self, calls: Sequence[Call]) -> Answer:
        """Let the model make all `calls` in one turn."""
        return self.ask("Try these.", list(calls), [Say("Tried.")])

    def _events(self) -> Iterator[dict[str, Any]]:
        for line in _pipe(self._process.stdout):
            yield json.loads(line)
        raise AssertionError(f"claude ended with {self._process.wait()}: {_pipe(self._process.stderr).read()[-2000:]}")


@contextmanager
def conversation(
    claude: str, folder: Path, home: Path, environment: dict[str, str], *options: str
) -> Iterator[Conversation]:
    """Start the client in `folder`, for somebody who has trusted it and has nothing else configured."""
    with scripted_model() as model:
        command = [
            claude,
            "-p",
            "--input-format",
            "stream-json",
            "--output-format",
            "stream-json",
            "--verbose",
            *options,
        ]
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=offline(folder, home) | {"ANTHROPIC_BASE_URL": model.url} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Conversation(process, model)
        finally:
            _pipe(process.stdin).close()
            process.terminate()
            process.wait()
            _pipe(process.stdout).close()
            _pipe(process.stderr).close()


def offline(folder: Path, home: Path) -> dict[str, str]:
    """The environment of the client: nothing inherited but PATH, a home of its own, and no way out."""
    home.mkdir(parents=True, exist_ok=True)
    trusted = {"hasCompletedOnboarding": True, "projects": {str(folder): {"hasTrustDialogAccepted": True}}}
    (home / ".claude.json").write_text(json.dumps(trusted), encoding="utf-8")
    quiet = ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "ANTHROPIC_API_KEY": "not-a-key",
        "BASH_DEFAULT_TIMEOUT_MS": "600000",  # a busy machine is not a failure
        **dict.fromkeys(quiet, "1"),
    }


def _results_in(event: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    """Text and error flag of each tool result in an event, by the id of its call."""
    content = event.get("message", {}).get("content") if event["type"] == "user" else None
    blocks = content if isinstance(content, list) else []
    return {
        block["tool_use_id"]: (_text_of(block.get("content", "")), bool(block.get("is_error")))
        for block in blocks
        if block.get("type") == "tool_result"
    }


def _text_of(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
