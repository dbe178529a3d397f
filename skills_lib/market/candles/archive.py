"""Downloads candles from Binance's public archive: monthly zips, daily zips for the current month, with checksums."""

import hashlib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from skills_lib.domain.errors import CorruptDataError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.options import option
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.files import unpack
from skills_lib.market.candles.importing import validate_table
from skills_lib.market.candles.layouts import read_csv
from skills_lib.market.candles.network import UnansweredError, name_resolves
from skills_lib.market.candles.pages import Page
from skills_lib.market.candles.series import cut
from skills_lib.market.candles.spans import TimeSpan, to_datetime, to_ns
from skills_lib.market.retries import Retries, TransientError, require_server_ready
from skills_lib.progress import Progress
from skills_lib.settings import Settings

if TYPE_CHECKING:
    import httpx

FOLDERS = {"binance": "spot", "binanceusdm": "futures/um"}
_REMEDY = f"Try again later, use another {option('source')}, or run `twokey data import FILE`."


@dataclass(frozen=True, slots=True)
class _ArchiveFile:
    """One zip of the archive and the days it covers."""

    kind: str
    first: datetime
    end: datetime

    def path(self, market: str, instrument: Instrument, timeframe: Timeframe) -> str:
        day = f"{self.first:%Y-%m}" if self.kind == "monthly" else f"{self.first:%Y-%m-%d}"
        symbol = instrument.symbol
        return f"/data/{market}/{self.kind}/klines/{symbol}/{timeframe}/{symbol}-{timeframe}-{day}.zip"

    def days(self) -> "Iterator[_ArchiveFile]":
        day = self.first
        while day < self.end:
            yield _ArchiveFile("daily", day, day + timedelta(days=1))
            day += timedelta(days=1)


class Archive:
    """Reads candles of one Binance market from the archive."""

    def __init__(self, exchange: str, settings: Settings) -> None:
        if exchange not in FOLDERS:
            covered = " and ".join(FOLDERS)
            raise UnansweredError(
                "The archive", f"it covers {covered}, not {exchange}", f"Use {option('source', 'exchange')}."
            )
        self._market = FOLDERS[exchange]
        self._url = settings.archive_url.rstrip("/")
        self._timeout_s = settings.http_timeout_s
        self._retries = Retries.of(settings)
        self._answered = False

    def pages(
        self, instrument: Instrument, timeframe: Timeframe, spans: list[TimeSpan], progress: Progress
    ) -> Iterator[Page]:
        """Yield every bar of `spans` in the archive, one file at a time, oldest first; the newest days are missing.

        Raises:
            UnansweredError: the archive cannot be reached or lacks this instrument.
            CorruptDataError: a file failed its checksum twice.
        """
        if not name_resolves(self._url):
            raise self._unanswered("no network")
        import httpx

        found = 0
        with httpx.Client(timeout=self._timeout_s, follow_redirects=True) as client:
            for span in spans:
                for page in self._span_pages(client, instrument, timeframe, span, progress):
                    found += 1
                    yield page
        if spans and not found:
            raise self._unanswered(f"it has no {instrument.symbol} {timeframe} in {spans[0]}")

    def _span_pages(
        self, client: "httpx.Client", instrument: Instrument, timeframe: Timeframe, span: TimeSpan, progress: Progress
    ) -> Iterator[Page]:
        files = _files_covering(span)
        for number, file in enumerate(files, 1):
            progress(number, len(files), f"archive {instrument.symbol} {timeframe} {file.first:%Y-%m}")
            for source, content in self._contents(client, file, instrument, timeframe):
                bars = validate_table(read_csv(content, source.path("", instrument, timeframe), instrument), timeframe)
                covered = TimeSpan(to_ns(source.first), to_ns(source.end))
                requested = TimeSpan(max(span.start_ns, covered.start_ns), min(span.end_ns, covered.end_ns))
                yield requested, cut(bars, requested)

    def _contents(
        self, client: "httpx.Client", file: _ArchiveFile, instrument: Instrument, timeframe: Timeframe
    ) -> Iterator[tuple[_ArchiveFile, bytes]]:
        content = self._download(client, file.path(self._market, instrument, timeframe))
        if content is not None:
            yield file, content
        elif file.kind == "monthly" and datetime.now(UTC) - file.end < timedelta(days=31):
            for day in file.days():  # a monthly file is published some days after the month ends
                yield from self._contents(client, day, instrument, timeframe)

    def _download(self, client: "httpx.Client", path: str) -> bytes | None:
        """The unpacked file after its checksum was verified, or None if the archive does not have it."""
        for _ in range(2):
            packed = self._get(client, path)
            if packed is None:
                return None
            checksum = self._get(client, f"{path}.CHECKSUM") or b""
            expected = re.match(rb"[0-9a-f]{64}\b", checksum)
            if expected and expected.group().decode() == hashlib.sha256(packed).hexdigest():
                return _unpack_zip(packed, path)
        raise CorruptDataError(
            f"{path.rsplit('/', 1)[-1]} of the archive does not match its checksum. Fetch again later."
        )

    def _get(self, client: "httpx.Client", path: str) -> bytes | None:
        try:
            return self._retries.run(lambda: self._request_once(client, path))
        except TransientError as error:
            raise self._unanswered(error.reason) from error

    def _request_once(self, client: "httpx.Client", path: str) -> bytes | None:
        import httpx

        try:
            response = client.get(self._url + path)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if not self._answered:
                raise self._unanswered("no network") from error
            raise TransientError("the connection failed") from error
        except httpx.TransportError as error:
            raise TransientError(f"the connection was interrupted ({type(error).__name__})") from error
        self._answered = True
        return self._content(response)

    def _content(self, response: "httpx.Response") -> bytes | None:
        require_server_ready(response)
        if response.status_code == 200:
            return response.content
        if response.status_code == 404:
            return None
        raise self._unanswered(f"HTTP {response.status_code}")

    def _unanswered(self, reason: str) -> UnansweredError:
        return UnansweredError("The archive", reason, _REMEDY)


def _unpack_zip(packed: bytes, path: str) -> bytes:
    try:
        return unpack(packed, path)
    except zipfile.BadZipFile as error:
        raise CorruptDataError(f"{path} of the archive is not a zip file: {error}. Fetch again later.") from error


def _files_covering(span: TimeSpan) -> list[_ArchiveFile]:
    """The monthly files of `span`, and daily files for the current month."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = to_datetime(span.start_ns).replace(day=1, hour=0, minute=0, second=0)
    end, files = min(to_datetime(span.end_ns - 1), today), []
    while month <= end:
        following = (month + timedelta(days=32)).replace(day=1)
        monthly = _ArchiveFile("monthly", month, following)
        files += [monthly] if following <= today else [d for d in monthly.days() if d.end <= today]
        month = following
    return [file for file in files if to_ns(file.first) < span.end_ns and to_ns(file.end) > span.start_ns]
