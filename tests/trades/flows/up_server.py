"""A server of bytes in the place of Up: it checks the token, gives real next pages, and answers what a test plans."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "up:yeah:canary5512"
ROOT_PATH = "/api/v1"
Answer = tuple[int, dict[str, str], bytes]


def transaction(number: int, created: str, cents: int, **changes: Any) -> dict[str, Any]:
    """A transaction of the spending account, settled."""
    amount = {"currencyCode": "AUD", "value": f"{cents / 100:.2f}", "valueInBaseUnits": cents}
    attributes = {
        **{"status": "SETTLED", "rawText": None, "description": f"payment {number}", "message": None},
        **{"amount": amount, "foreignAmount": None, "settledAt": created, "createdAt": created},
    }
    other = changes.pop("other_account", None)
    return {
        "type": "transactions",
        "id": f"transaction-{number}",
        "attributes": attributes | changes,
        "relationships": {
            "account": {"data": {"type": "accounts", "id": "spending"}},
            "transferAccount": {"data": other and {"type": "accounts", "id": other}},
        },
    }


@dataclass
class FakeUp:
    """rows: the newest first. planned: answers that come before any other. asked: what was asked for.

    gone_after: after how many requests it answers no more.
    """

    host: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    planned: list[Answer] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    page_rows: int = 2
    next_of: Callable[[str], str] = str
    gone_after: int | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}{ROOT_PATH}"

    def answer(self, target: str, token: str | None) -> Answer:
        self.asked.append(target)
        if self.gone_after is not None and len(self.asked) > self.gone_after:
            return 400, {}, b""
        if self.planned:
            return self.planned.pop(0)
        if token != f"Bearer {TOKEN}":
            return 401, {}, _body({"errors": [{"status": "401", "title": "Not Authorized", "detail": str(token)}]})
        path, asked = (
            urlsplit(target).path,
            {name: found[0] for name, found in parse_qs(urlsplit(target).query).items()},
        )
        if path == f"{ROOT_PATH}/accounts":
            return 200, {}, _body({"data": [ACCOUNT], "links": {"prev": None, "next": None}})
        return 200, {}, _body(self._page(asked))

    def _page(self, asked: dict[str, str]) -> dict[str, Any]:
        first, last = (datetime.fromisoformat(asked[f"filter[{name}]"]) for name in ("since", "until"))
        rows = [row for row in self.rows if first <= datetime.fromisoformat(row["attributes"]["createdAt"]) <= last]
        start = int(asked.get("page[after]", 0))
        end = start + self.page_rows
        query = f"filter[since]={asked['filter[since]']}&filter[until]={asked['filter[until]']}&page[after]={end}"
        link = self.next_of(f"{self.url}/transactions?{query.replace('+', '%2B')}") if end < len(rows) else None
        return {"data": rows[start:end], "links": {"prev": None, "next": link}}


ACCOUNT = {
    "type": "accounts",
    "id": "spending",
    "attributes": {
        **{"displayName": "Spending", "accountType": "TRANSACTIONAL", "ownershipType": "INDIVIDUAL"},
        **{"balance": {"currencyCode": "AUD", "value": "1.00", "valueInBaseUnits": 100}, "createdAt": "2024-01-01"},
    },
}


@contextmanager
def serving_up(rows: Sequence[dict[str, Any]] = ()) -> Iterator[FakeUp]:
    """Serve until the block ends."""
    fake = FakeUp(rows=list(rows))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = fake.answer(self.path, self.headers["Authorization"])
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _body(value: Any) -> bytes:
    return json.dumps(value).encode()
