"""Signed reads over HTTP: GET only, within the request weight of this machine, repeated after passing failures."""

import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from skills_lib.domain.errors import CorruptDataError, InputError, SourceUnavailableError, TwokeyError
from skills_lib.market.retries import Retries, TransientError, broken_connection, require_server_ready, retry_after_s
from skills_lib.market.weights.headers import used_weight
from skills_lib.market.weights.shared import WEIGHT_PER_MINUTE, SharedBudget

T = TypeVar("T")
CEILING: Final = WEIGHT_PER_MINUTE // 2
"""Of the weight a minute that all programs of this machine share, what a synchronisation may bring it to."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_RECV_WINDOW_MS: Final = 5_000
_LIMITED: Final = (429, 418)
_SHORTEST_BAN_S: Final = 5.0
_CLOCK: Final = -1021
_KEY_CODES: Final = frozenset({-1002, -1022, -2008, -2014, -2015})


class Signs(Protocol):
    """Signs the parameters of a request; its text never shows the secret."""

    api_key: str

    def signed(self, parameters: Mapping[str, str]) -> str:
        """The parameters as URL-encoded text, their signature last."""


class VenueRefusedError(TwokeyError):
    """The venue answered with an error code of its own."""

    def __init__(self, path: str, code: int, text: str) -> None:
        super().__init__(
            f"Binance refused {path}: {text[:120]} ({code}). Correct the request, then repeat the command."
        )
        self.code = code


class _Refusal(msgspec.Struct):
    code: int
    msg: str = ""


class _ServerTime(msgspec.Struct, rename="camel"):
    server_time: int


def base_url(host: str, venue_url: str) -> str:
    """Where the venue is read. host: `host:port` of a local exchange, read without TLS; "" for the venue itself.

    Raises:
        InputError: a host that is not this machine, for which a key would go over the network in the clear.
    """
    if not host:
        return venue_url
    try:
        parts = urlsplit(f"//{host}")
        local = parts.hostname in LOOPBACK and parts.port is not None and not parts.path and "@" not in host
    except ValueError:
        local = False
    if not local:
        raise InputError(
            f"'{host[:60]}' is no address of a local exchange. Write it like 127.0.0.1:9001, or give none."
        )
    return f"http://{host}"


class AccountReader:
    """Reads of one account. ceiling: of the weight a minute of this machine. Close it after use."""

    def __init__(
        self,
        url: str,
        signer: Signs,
        retries: Retries,
        timeout_s: float = 10.0,
        transport: httpx.BaseTransport | None = None,
        ceiling: int = CEILING,
    ) -> None:
        self._signer, self._retries, self._ceiling = signer, retries, ceiling
        self._budget = SharedBudget(urlsplit(url).netloc)
        self._client = httpx.Client(base_url=url, timeout=timeout_s, transport=transport, follow_redirects=False)
        self._ahead_ms: int | None = None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def now_ms(self) -> int:
        """The venue's time, read anew: rows are compared with it."""
        asked = time.time_ns() // 1_000_000
        found = self._decoded("/fapi/v1/time", self._sent("/fapi/v1/time", "", 1, {}), _ServerTime).server_time
        self._ahead_ms = found - asked
        return found

    def read(self, path: str, parameters: Mapping[str, object], weight: int, kind: type[T]) -> T:
        """The answer of a signed GET.

        Raises:
            InputError: the key was refused.
            VenueRefusedError: another error code.
            SourceUnavailableError: no answer, or the venue demands a long pause.
            CorruptDataError: the answer cannot be read.
        """
        given = {name: str(value) for name, value in parameters.items()}
        try:
            return self._decoded(path, self._signed(path, given, weight), kind)
        except VenueRefusedError as error:
            if error.code != _CLOCK:
                raise
        self.now_ms()
        return self._decoded(path, self._signed(path, given, weight), kind)

    def public(self, path: str, parameters: Mapping[str, object], weight: int, kind: type[T]) -> T:
        """The answer of a GET that needs no key; raises as `read`."""
        query = urlencode({name: str(value) for name, value in parameters.items()})
        return self._decoded(path, self._sent(path, query, weight, {}), kind)

    def _signed(self, path: str, parameters: dict[str, str], weight: int) -> bytes:
        def signed() -> str:
            if self._ahead_ms is None:
                self.now_ms()
            timestamp = time.time_ns() // 1_000_000 + (self._ahead_ms or 0)
            timed = {"recvWindow": str(_RECV_WINDOW_MS), "timestamp": str(timestamp)}
            return self._signer.signed(parameters | timed)

        return self._sent(path, signed, weight, {"X-MBX-APIKEY": self._signer.api_key})

    def _sent(self, path: str, query: "str | Callable[[], str]", weight: int, headers: dict[str, str]) -> bytes:
        """The body; a signed query is made anew for each attempt, since it holds the time."""

        def attempt() -> bytes:
            self._reserve(weight)
            text = query if isinstance(query, str) else query()
            return self._answer(path, f"{path}?{text}" if text else path, headers)

        try:
            return self._retries.run(attempt)
        except TransientError as error:
            raise SourceUnavailableError(f"Binance does not answer {path}: {error.reason}. Repeat it later.") from None
        except httpx.TransportError as error:
            name = type(error).__name__
            raise SourceUnavailableError(
                f"{self._client.base_url.host} is not reached ({name}). Is it there?"
            ) from None

    def _reserve(self, weight: int) -> None:
        while wait_s := self._budget.reserve(weight, self._ceiling):
            time.sleep(wait_s)

    def _answer(self, path: str, target: str, headers: dict[str, str]) -> bytes:
        try:
            answer = self._client.get(target, headers=headers)
        except httpx.TransportError as error:
            raise broken_connection(error) from None
        self._budget.observe(used_weight(answer.headers))
        if answer.status_code in _LIMITED:
            self._budget.ban(max(_SHORTEST_BAN_S, retry_after_s(answer.headers.get("Retry-After"))))
            raise TransientError(f"HTTP {answer.status_code}", retry_after_s(answer.headers.get("Retry-After")))
        require_server_ready(answer)
        if answer.status_code != httpx.codes.OK:
            raise _refusal(path, answer.content, answer.status_code)
        return answer.content

    @staticmethod
    def _decoded(path: str, body: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise CorruptDataError(f"Binance's answer to {path} cannot be read. Repeat the command.") from None


def _refusal(path: str, body: bytes, status: int) -> TwokeyError:
    try:
        found = msgspec.json.decode(body, type=_Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return SourceUnavailableError(f"Binance answered {path} with HTTP {status}. Repeat it later.")
    if found.code in _KEY_CODES:
        return InputError(
            f"Binance refused the key ({found.code}). Give one with the right to read futures, for this address."
        )
    return VenueRefusedError(path, found.code, found.msg)
