"""Where a store is: a SQLite file, a PostgreSQL server, or a Supabase project by its REST address.

A password or key is never in `repr`, in `shown` or in an error.
"""

import os
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from skills_lib.domain.errors import InputError

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_ENCRYPTED = ("require", "verify-ca", "verify-full")
_ALLOWED = (
    "Allowed: sqlite:///FILE, postgresql://USER@HOST:PORT/DATABASE, or https://PROJECT.supabase.co with "
    "TWOKEY_STORE_KEY in the environment."
)
_REFUSED = frozenset({"service", "servicefile", "password", "user", "dbname", "options"})
"""libpq's parameters that would take host, name or password from a place that was not checked."""


class Backend(StrEnum):
    """What kind of database a store is in."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A checked address of a store.

    url: as given, for drivers. shown: without password. schema: PostgreSQL's schema for the tables, None for the
    connection's own. owner: whose rows are written and read; "" where the store has one person's only. key: of REST;
    token: of a user who is signed in there, "" where the key alone says who asks.
    """

    backend: Backend
    shown: str
    url: str = field(repr=False)
    key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    schema: str | None = None
    owner: str = ""
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def file(self) -> Path:
        """The file of a SQLite store."""
        return Path(self.url.removeprefix("sqlite:///"))


def parse_address(
    text: str,
    *,
    key: str = "",
    token: str = "",
    schema: str | None = None,
    owner: str = "",
    plaintext: bool = False,
) -> StoreAddress:
    """The address that `text` names. plaintext: a remote host may be reached without TLS.

    Raises:
        InputError: not an address, or a remote one without TLS; without repeating the text, which may have a password.
    """
    scheme = text.partition(":")[0]
    if scheme == "sqlite":
        return _sqlite(text, owner)
    if scheme in ("postgresql", "postgres"):
        return _postgresql(text, schema, owner, plaintext)
    if scheme in ("http", "https"):
        return replace(_rest(text, key, owner, plaintext), token=token)
    found = scheme if scheme.isalnum() and ":" in text else "something else"
    raise InputError(f"A store's address begins with sqlite, postgresql or https, not with {found}. {_ALLOWED}")


def _sqlite(text: str, owner: str) -> StoreAddress:
    name = text.removeprefix("sqlite:///")
    if name == text or not name or "?" in name:
        raise InputError(f"A SQLite store is a file: sqlite:///FILE, with a fourth / for an absolute path. {_ALLOWED}")
    path = Path(name).expanduser().absolute()
    return StoreAddress(Backend.SQLITE, f"sqlite:///{path}", f"sqlite:///{path}", owner=owner)


def _postgresql(text: str, schema: str | None, owner: str, plaintext: bool) -> StoreAddress:
    parts, given = _parts(text), _query(text)
    hosts = _hosts(parts.hostname or "", given)
    mode = given.get("sslmode", os.environ.get("PGSSLMODE", ""))
    remote = [host for host in hosts if not _is_local(host)]
    if remote and not plaintext:
        if mode and mode not in _ENCRYPTED:
            raise InputError(
                f"sslmode={mode} lets {remote[0]} be reached without TLS. Use require or verify-full, or set "
                "store_plaintext = true where the network between is yours."
            )
        given["sslmode"] = mode or "require"
    shown = f"postgresql://{_without_password(parts)}"
    return StoreAddress(Backend.POSTGRESQL, shown, text, schema=schema, owner=owner, parameters=tuple(given.items()))


def _rest(text: str, key: str, owner: str, plaintext: bool) -> StoreAddress:
    parts = _parts(text)
    if parts.username or parts.query or not parts.hostname:
        raise InputError(f"A REST address has a host only. {_ALLOWED}")
    if parts.scheme == "http" and not _is_local(parts.hostname) and not plaintext:
        raise InputError(f"http:// would send the key to {parts.hostname} without TLS. Use https://.")
    if not key:
        raise InputError("A store by REST needs its key: set TWOKEY_STORE_KEY in the environment.")
    shown = text.rstrip("/")
    return StoreAddress(Backend.REST, shown, shown, key=key, owner=owner)


def _parts(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise InputError(f"The store's address is not a URL; has its port a number? {_ALLOWED}") from None
    return parts


def _query(text: str) -> dict[str, str]:
    given = dict(parse_qsl(urlsplit(text).query, keep_blank_values=True))
    if refused := sorted(_REFUSED & given.keys()):
        raise InputError(f"{refused[0]} cannot stand behind ? in the store's address. {_ALLOWED}")
    return given


def _hosts(host: str, given: dict[str, str]) -> list[str]:
    """Every host that libpq may connect to: of the address, behind ?, or of its environment."""
    named = [unquote(host), given.get("host", ""), given.get("hostaddr", "")]
    if not any(named):
        named = [os.environ.get(name, "") for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE")]
    return [one for name in named for one in name.split(",") if one]


def _is_local(host: str) -> bool:
    return host.startswith(("/", "@")) or host.casefold() in LOCAL_HOSTS


def _without_password(parts: SplitResult) -> str:
    user, at, host = parts.netloc.rpartition("@")
    return f"{user.partition(':')[0]}{at}{host}{parts.path}"
