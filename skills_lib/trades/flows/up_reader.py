"""Reads of Up's API: GET only, with a token that no error names, pages of one host, bodies of a bounded size."""

import time
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from pydantic import SecretStr

from skills_lib.domain.errors import CorruptDataError, InputError, SourceUnavailableError
from skills_lib.market.retries import Retries, TransientError, broken_connection, require_server_ready
from skills_lib.trades.flows.up_messages import UpAccount, UpAccountsPage, UpTransaction, UpTransactionsPage

T = TypeVar("T")
UP_URL: Final = "https://api.up.com.au/api/v1"
PAGE_ROWS: Final = 100
MAX_BODY: Final = 4 * 1_024 * 1_024
"""Of one answer, bytes; a page of a hundred transactions has about 250 kB."""
MAX_PAGES: Final = 10_000
_LONGEST_S: Final = 60.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_REFUSED: Final = (401, 403)


def up_url(host: str) -> str:
    """Where Up is read. host: `host:port` and perhaps a path of a local server, read without TLS; "" for Up itself.

    Raises:
        InputError: a host that is not this machine, to which the token would go.
    """
    if not host:
        return UP_URL
    try:
        parts = urlsplit(f"//{host}")
        local = parts.hostname in _LOOPBACK and parts.port is not None and not (set(host) & set("@?# "))
    except ValueError:
        local = False
    if not local:
        raise InputError(
            f"'{host[:60]}' is no address of this machine. It is written like 127.0.0.1:4010; without one, Up is asked."
        )
    return f"http://{host.rstrip('/')}"


class UpReader:
    """Reads of one person's accounts. Close it after use."""

    def __init__(
        self, url: str, token: SecretStr | None, retries: Retries, timeout_s: float = 10.0, max_body: int = MAX_BODY
    ) -> None:
        self._url, self._retries, self._max_body = urlsplit(url), retries, max_body
        remote = self._url.scheme == "https"
        headers = {"Authorization": f"Bearer {_checked_token(token)}", "Accept": "application/json"}
        self._client = httpx.Client(headers=headers, timeout=timeout_s, follow_redirects=False, trust_env=remote)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def accounts(self) -> Iterator[UpAccount]:
        """All accounts.

        Raises:
            InputError: the token was refused.
            SourceUnavailableError: no answer, or a long pause is demanded.
            CorruptDataError: an answer that cannot be read, is too long, or goes on at another host.
        """
        for page in self._pages("/accounts", {}, UpAccountsPage):
            yield from page.data

    def transactions(self, since: str, until: str) -> Iterator[UpTransaction]:
        """Transactions of all accounts between two times as RFC 3339, the newest first; raises as `accounts`."""
        for page in self._pages("/transactions", {"filter[since]": since, "filter[until]": until}, UpTransactionsPage):
            yield from page.data

    def page(self, path: str, parameters: Mapping[str, str], kind: type[T]) -> T:
        """The first page of a list; raises as `accounts`."""
        query = urlencode({"page[size]": str(PAGE_ROWS), **parameters})
        return self._read(f"{self._url.geturl()}{path}?{query}", path, kind)

    def _pages(self, path: str, parameters: Mapping[str, str], kind: type[T]) -> Iterator[T]:
        page, seen = self.page(path, parameters, kind), set[str]()
        yield page
        while link := page.links.next:  # type: ignore[attr-defined]
            if link in seen or len(seen) >= MAX_PAGES:
                raise CorruptDataError(f"Up's pages of {path} do not end. Repeat the command.")
            seen.add(link)
            self._require_same_host(link, path)
            page = self._read(link, path, kind)
            yield page

    def _require_same_host(self, link: str, path: str) -> None:
        """The token goes to the host of the first page only."""
        own = self._url
        try:
            found = urlsplit(link)
        except ValueError:
            found = urlsplit("")
        if (found.scheme, found.netloc) != (own.scheme, own.netloc) or not found.path.startswith(f"{own.path}/"):
            raise CorruptDataError(
                f"Up's page of {path} goes on at another address than {own.netloc}, which is not asked. "
                "Repeat the command."
            )

    def _read(self, url: str, path: str, kind: type[T]) -> T:
        try:
            body = self._retries.run(lambda: self._answer(url, path))
        except TransientError as error:
            raise SourceUnavailableError(f"Up does not answer {path}: {error.reason}. Repeat it later.") from None
        except httpx.TransportError as error:
            name = type(error).__name__
            raise SourceUnavailableError(f"{self._url.netloc} is not reached ({name}). Is it there?") from None
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise CorruptDataError(f"Up's answer to {path} cannot be read. Repeat the command.") from None

    def _answer(self, url: str, path: str) -> bytes:
        try:
            with self._client.stream("GET", url) as answer:
                require_server_ready(answer)
                if answer.status_code in _REFUSED:
                    raise InputError(
                        f"Up refused the token (HTTP {answer.status_code}). Give another in TWOKEY_UP_TOKEN."
                    )
                if answer.status_code != httpx.codes.OK:
                    raise SourceUnavailableError(f"Up answered {path} with HTTP {answer.status_code}. Repeat it later.")
                return self._body(answer, path)
        except httpx.TransportError as error:
            raise broken_connection(error) from None

    def _body(self, answer: httpx.Response, path: str) -> bytes:
        found, end = bytearray(), time.monotonic() + _LONGEST_S
        for part in answer.iter_bytes():
            found += part
            if len(found) > self._max_body or time.monotonic() > end:
                raise CorruptDataError(f"Up's answer to {path} is longer than {self._max_body} bytes, or too slow.")
        return bytes(found)


def _checked_token(token: SecretStr | None) -> str:
    """The token, which a header can hold.

    Raises:
        InputError: none, or not a word of ASCII.
    """
    text = token.get_secret_value() if token else ""
    if not text:
        raise InputError("There is no token of Up. Set TWOKEY_UP_TOKEN in the environment or in .env.")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InputError("TWOKEY_UP_TOKEN is not a token of Up: it has other signs than letters, digits and : - _.")
    return text
