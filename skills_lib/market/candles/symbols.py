"""Lists the instruments of a venue: from the exchange, cached for a week, or from a bundled list when offline."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.models import FrozenModel
from skills_lib.market.candles.exchange_client import ExchangeClient, require_exchange, suggest_pair
from skills_lib.settings import Settings

_SHIPPED = Path(__file__).with_name("listings")
_CACHE_LIFETIME = timedelta(days=7)


class SymbolMatch(FrozenModel):
    """One listed instrument. `source` names the listing; `active` may be outdated in an old one."""

    symbol: str
    pair: str
    kind: str
    active: bool
    source: str


_LISTING = TypeAdapter(list[SymbolMatch])


def search_symbols(text: str, exchange: str, limit: int, settings: Settings | None = None) -> list[SymbolMatch]:
    """At most `limit` instruments whose name contains `text`, best match first.

    Queries the exchange at most once a week; offline it uses the cached listing, else the bundled one.

    Raises:
        InputError: unknown exchange.
        SourceUnavailableError: the exchange does not answer and no listing is stored.
    """
    require_exchange(exchange)
    wanted = "".join(letter for letter in text.upper() if letter.isalnum())
    found = [match for match in listing(exchange, settings or Settings()) if wanted in match.symbol]
    return sorted(found, key=lambda match: _match_order(match, wanted))[:limit]


def listing(exchange: str, settings: Settings) -> list[SymbolMatch]:
    """Every instrument of `exchange`.

    Raises:
        SourceUnavailableError: as `search_symbols`.
    """
    cache_file = _cache_file(exchange, settings)
    if (
        cache_file.exists()
        and datetime.now(UTC) - datetime.fromtimestamp(cache_file.stat().st_mtime, UTC) < _CACHE_LIFETIME
    ):
        return _LISTING.validate_json(cache_file.read_bytes())
    try:
        return _from_exchange(exchange, settings)
    except SourceUnavailableError:
        if offline := _cached_or_bundled(exchange, settings):
            return offline
        raise


def require_listed(instrument: Instrument, exchange: str, settings: Settings) -> None:
    """Check offline that an instrument is in a cached or bundled listing.

    Raises:
        InputError: no listing contains it.
    """
    known = [*_cached_or_bundled(exchange, settings), *_bundled("binance")]
    if not any(match.pair == instrument.pair for match in known):
        hint = suggest_pair(instrument, (match.pair for match in known))
        raise InputError(
            f"Unknown symbol {instrument.pair}: not in {known[0].source}.{hint} If it was listed later, "
            "connect to the exchange or run `twokey data import FILE`."
        )


@cache
def bundled_pairs() -> frozenset[str]:
    """Pairs of the bundled lists, such as BTC/USDT."""
    return frozenset(match.pair for path in _SHIPPED.glob("*.txt") for match in _bundled(path.stem))


def _from_exchange(exchange: str, settings: Settings) -> list[SymbolMatch]:
    markets = ExchangeClient(exchange, settings).markets()
    source = f"{exchange}, fetched {datetime.now(UTC):%Y-%m-%d}"
    found = [
        SymbolMatch(
            symbol=f"{market['base']}{market['quote']}",
            pair=f"{market['base']}/{market['quote']}",
            kind="perpetual" if market["swap"] else "spot",
            active=market["active"] is not False,
            source=source,
        )
        for market in markets.values()
        if market["spot"] or market["swap"]
    ]
    cache_file = _cache_file(exchange, settings)
    cache_file.parent.mkdir(parents=True, exist_ok=True)
    temporary = cache_file.with_suffix(".tmp")
    temporary.write_bytes(_LISTING.dump_json(found))
    temporary.replace(cache_file)
    return found


def _cached_or_bundled(exchange: str, settings: Settings) -> list[SymbolMatch]:
    cache_file = _cache_file(exchange, settings)
    return _LISTING.validate_json(cache_file.read_bytes()) if cache_file.exists() else _bundled(exchange)


def _bundled(exchange: str) -> list[SymbolMatch]:
    path = _SHIPPED / f"{exchange}.txt"
    if not path.exists():
        return []
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    kind = "perpetual" if exchange == "binanceusdm" else "spot"
    return [_match(line, kind, header.removeprefix("# ") + ", bundled") for line in lines]


def _match(line: str, kind: str, source: str) -> SymbolMatch:
    pair, _, halted = line.partition(" ")
    return SymbolMatch(symbol=pair.replace("/", ""), pair=pair, kind=kind, active=not halted, source=source)


def _cache_file(exchange: str, settings: Settings) -> Path:
    return settings.candles_dir / exchange / "listing.json"


def _match_order(match: SymbolMatch, wanted: str) -> tuple[object, ...]:
    base, _, quote = match.pair.partition("/")
    return (match.symbol != wanted, base != wanted, not match.active, quote != "USDT", len(match.symbol), match.symbol)
