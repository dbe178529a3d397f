"""A venue on loopback: Binance's exchangeInfo and klines and the public archive, over real HTTP, with faults."""

import hashlib
import io
import json
import threading
import zipfile
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from skills_lib.domain.bars import Bars
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.spans import TimeSpan, parse_utc, to_ns

MS = 1_000_000
RESTRICTED = {
    "code": 0,
    "msg": "Service unavailable from a restricted location according to 'b. Eligibility' in "
    "https://www.binance.com/en/terms. Please contact customer service if you believe you received this in error.",
}


def span(since: str, until: str) -> TimeSpan:
    """A span of two dates."""
    return TimeSpan(to_ns(parse_utc(since)), to_ns(parse_utc(until)))


@dataclass
class Fault:
    """The response to one klines request in place of bars. `cut`: half the body, then the connection ends."""

    status: int = 200
    body: bytes = b"[]"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False


@dataclass
class LocalVenue:
    """Data of the server, which tests set, and the requests it received, which tests read."""

    bars: Bars
    symbols: tuple[str, ...] = ("BTC", "ETH", "SOL")
    page_limit: int = 1_000
    overlap_bars: int = 0
    date: str | None = None
    faults: deque[Fault | None] = field(default_factory=deque)
    info_fault: Fault | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)
    klines_arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def kline_requests(self) -> list[dict[str, str]]:
        """The queries of all klines requests so far."""
        return [
            {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
            for path in self.requested
            if "/klines?" in path
        ]

    def answer(self, path: str) -> Fault:
        """The response to a request for `path`."""
        self.requested.append(path)
        address = urlsplit(path)
        if address.path.endswith("/exchangeInfo"):
            return self.info_fault or _json(self.exchange_info())
        if address.path.endswith("/klines"):
            fault = self.faults.popleft() if self.faults else None
            self.klines_arrived.release()
            return fault or _json(self.klines(parse_qs(address.query)))
        if address.path in self.files:
            return Fault(200, self.files[address.path])
        return Fault(404, b"<html>not found</html>")

    def klines(self, query: dict[str, list[str]]) -> list[list[Any]]:
        """Binance's answer: the next bars from startTime on, however far away, at most `limit`."""
        start = int(query["startTime"][0]) * MS - self.overlap_bars * self.bars.interval_ns
        first = int(self.bars.open_time_ns.searchsorted(start))
        return kline_rows(self.bars[first : first + min(self.page_limit, int(query["limit"][0]))])

    def exchange_info(self) -> dict[str, Any]:
        """A trimmed GET /api/v3/exchangeInfo."""
        return {"timezone": "UTC", "rateLimits": [], "symbols": [_symbol(base) for base in self.symbols]}


def kline_rows(bars: Bars, unit_ns: int = MS) -> list[list[Any]]:
    """Bars as Binance's klines: twelve columns, prices as text."""
    columns = (c.tolist() for c in (bars.open, bars.high, bars.low, bars.close, bars.volume))
    step = bars.interval_ns // unit_ns
    return [
        [t, f"{o:.8f}", f"{h:.8f}", f"{low:.8f}", f"{c:.8f}", f"{v:.8f}", t + step - 1, "0", 1, "0", "0", "0"]
        for t, o, h, low, c, v in zip((bars.open_time_ns // unit_ns).tolist(), *columns, strict=True)
    ]


def archive_zip(bars: Bars, name: str, unit_ns: int = MS, header: bool = False) -> bytes:
    """One zip of the public archive."""
    rows = [",".join(map(str, row)) for row in kline_rows(bars, unit_ns)]
    head = ["open_time,open,high,low,close,volume,close_time,quote_volume,count,a,b,ignore"] if header else []
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name.replace(".zip", ".csv"), "\n".join([*head, *rows]) + "\n")
    return packed.getvalue()


def archive_files(path: str, content: bytes) -> dict[str, bytes]:
    """A file of the archive and its checksum."""
    name = path.rsplit("/", 1)[-1]
    return {path: content, f"{path}.CHECKSUM": f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode()}


def months(bars: Bars, market: str, symbol: str, timeframe: Timeframe, names: Iterable[str]) -> dict[str, bytes]:
    """Monthly files of the archive, such as for `2024-01`; from 2025 on spot counts in microseconds."""
    files: dict[str, bytes] = {}
    for month in names:
        year, number = map(int, month.split("-"))
        following = f"{year + number // 12}-{number % 12 + 1:02d}-01"
        inside = span(f"{month}-01", following)
        start, end = bars.open_time_ns.searchsorted([inside.start_ns, inside.end_ns])
        unit = 1_000 if market == "spot" and year >= 2025 else MS
        name = f"{symbol}-{timeframe}-{month}.zip"
        content = archive_zip(bars[int(start) : int(end)], name, unit, header=market != "spot")
        files |= archive_files(f"/data/{market}/monthly/klines/{symbol}/{timeframe}/{name}", content)
    return files


def _symbol(base: str) -> dict[str, Any]:
    return {
        "symbol": f"{base}USDT",
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": "USDT",
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.0", "stepSize": "0.00001"},
        ],
        "permissions": ["SPOT"],
    }


def serve(venue: LocalVenue) -> ThreadingHTTPServer:
    """Start the venue on a free port of loopback; the caller shuts it down."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(venue.answer(self.path))

        def _answer(self, answer: Fault) -> None:
            if answer.hang:
                venue.released.wait()
            self.send_response_only(answer.status)
            self.send_header("Date", venue.date or self.date_time_string())
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Content-Type", "application/json")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = answer.cut or answer.hang
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)

        def log_message(self, *_: object) -> None:
            """Keep the test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    venue.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


def _json(payload: Any) -> Fault:
    return Fault(200, json.dumps(payload).encode())
