"""What a REST address answers instead of rows, as one line."""

from typing import Any

from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.trades.store.address import StoreAddress
from skills_lib.trades.store.errors import BY_STATE, NotAStoreError, StoreUnavailableError

_NO_TABLE = (
    "there is no trade log. Run skills_lib/trades/store/supabase/trade_log.sql in the project's SQL editor "
    "(twokey store init prints its path)"
)
_KEY = "the key or token was refused. Correct TWOKEY_STORE_KEY and TWOKEY_STORE_TOKEN in the environment"


def errors_of_requests() -> tuple[type[Exception], ...]:
    """What supabase-py raises for a request."""
    import httpx
    from postgrest.exceptions import APIError

    return (httpx.HTTPError, APIError)


def is_unanswered(error: Exception) -> bool:
    """Whether the request may have been carried out, or was not accepted for now."""
    import httpx

    status = _status(error)
    return isinstance(error, httpx.TransportError) or status in (429, 502, 503, 504, 520)


def explained_answer(error: Exception, address: StoreAddress) -> TwokeyError:
    """The error of one line; the server's own words are not repeated, because they may hold rows."""
    kind, reason = _reason(error)
    return kind(f"The store at {address.shown}: {reason}.")


def _reason(error: Exception) -> tuple[type[TwokeyError], str]:
    code, status = str(getattr(error, "code", "")), _status(error)
    if code in BY_STATE and code != "42P01":
        return BY_STATE[code]
    if code in ("42P01", "PGRST202", "PGRST205"):
        return NotAStoreError, _NO_TABLE
    if code.startswith("PGRST3") or status in (401, 403) or "API key" in str(getattr(error, "message", "")):
        return InputError, _KEY
    if code == "22003":
        return InputError, "a number does not fit 64 bits. No row of this request was written"
    if is_unanswered(error):
        return StoreUnavailableError, f"no answer ({type(error).__name__}). Repeat the command when it is back"
    return TwokeyError, f"the server refused ({code or type(error).__name__}). Nothing of this request was written"


def _status(error: Exception) -> int:
    """The HTTP status; postgrest-py gives it as the code where the body is no PostgREST error."""
    code: Any = getattr(error, "code", None)
    return int(code) if str(code).isdigit() and len(str(code)) == 3 else 0
