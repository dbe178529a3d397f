"""A model for Claude Code that follows a script: the Messages API on loopback, streamed as server-sent events."""

import json
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

USAGE = {"input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


@dataclass(frozen=True)
class Say:
    """Text that the model answers with."""

    text: str


@dataclass(frozen=True)
class Call:
    """A tool that the model calls."""

    tool: str
    arguments: dict[str, Any]
    id: str = field(default_factory=lambda: f"toolu_{uuid4().hex[:20]}")


Block = Say | Call


@dataclass
class ScriptedModel:
    """The replies still to come, one list of blocks for each request, and the requests received so far."""

    replies: deque[Sequence[Block]] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def reply_to(self, request: dict[str, Any]) -> Sequence[Block]:
        """The next blocks of the script; requests without tools are the client's own, such as for a title."""
        if not request.get("tools"):
            return [Say("ok")]
        self.requests.append(request)
        return self.replies.popleft() if self.replies else [Say("The script has ended.")]


@contextmanager
def scripted_model() -> Iterator[ScriptedModel]:
    """A model that is listening until the block ends."""
    model = ScriptedModel()

    class Handler(_MessagesApi):
        scripted = model

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    model.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _MessagesApi(BaseHTTPRequestHandler):
    scripted: ScriptedModel
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            self._send(200, "application/json", json.dumps({"input_tokens": 1}))
        elif path != "/v1/messages":
            self._send(404, "application/json", "{}")
        elif request.get("stream"):
            self._send(200, "text/event-stream", _events(self.scripted.reply_to(request), request["model"]))
        else:
            self._send(200, "application/json", json.dumps(_message(self.scripted.reply_to(request), request["model"])))

    def do_GET(self) -> None:
        self._send(404, "application/json", "{}")

    def do_HEAD(self) -> None:
        self._send(404, "application/json", "")

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _message(blocks: Sequence[Block], model: str) -> dict[str, Any]:
    content = [
        {"type": "text", "text": block.text}
        if isinstance(block, Say)
        else {"type": "tool_use", "id": block.id, "name": block.tool, "input": block.arguments}
        for block in blocks
    ]
    stop = "tool_use" if any(isinstance(block, Call) for block in blocks) else "end_turn"
    named = {"id": f"msg_{uuid4().hex[:20]}", "type": "message", "role": "assistant", "model": model}
    return named | {"content": content, "stop_reason": stop, "stop_sequence": None, "usage": USAGE}


def _events(blocks: Sequence[Block], model: str) -> str:
    """The message as a stream: each block starts empty and arrives in one delta."""
    whole = _message(blocks, model)
    start = whole | {"content": [], "stop_reason": None}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(whole["content"]):
        if block["type"] == "text":
            empty, delta = block | {"text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            empty, delta = (
                block | {"input": {}},
                {"type": "input_json_delta", "partial_json": json.dumps(block["input"])},
            )
        events += [
            {"type": "content_block_start", "index": index, "content_block": empty},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    ended = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events += [{"type": "message_delta", "delta": ended, "usage": USAGE}, {"type": "message_stop"}]
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
