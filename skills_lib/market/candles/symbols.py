"""Which instruments a venue lists: asked of the exchange, remembered for a week, and offline from a shipped list."""

from datetime import UTC, datetime, timedelta
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
    """One listed instrument. `source` says where the listing is from; an old one may be wrong about `active`."""

    symbol: str
    pair: str
    kind: str
    active: bool
    source: str


_LISTING = TypeAdapter(list[SymbolMatch])


def search_symbols(text: str, exchange: str, limit: int, settings: Settings | None = None) -> list[SymbolMatch]:
    """At most `limit` instruments whose name contains `text`, the closest first.

    Asks the exchange, at most once a week; offline the last answer serves, then a list that ships with the code.

    Raises:
        InputError: unknown exchange.
        SourceUnavailableError: the exchange does not answer and no list of it is at hand.
    """
    require_exchange(exchange)
    wanted = "".join(letter for letter in text.upper() if letter.isalnum())
    found = [match for match in listing(exchange, settings or Settings()) if wanted in match.symbol]
    return sorted(found, key=lambda match: _closeness(match, wanted))[:limit]


def listing(exchange: str, settings: Settings) -> list[SymbolMatch]:
    """Every instrument of `exchange`.

    Raises:
        SourceUnavailableError: as `search_symbols`.
    """
    kept = _cache_file(exchange, settings)
    if kept.exists() and datetime.now(UTC) - datetime.fromtimestamp(kept.stat().st_mtime, UTC) < _CACHE_LIFETIME:
        return _LISTING.validate_json(kept.read_bytes())
    try:
        return _from_exchange(exchange, settings)
    except SourceUnavailableError:
        if offline := _cached_or_shipped(exchange, settings):
            return offline
        raise


def require_listed(instrument: Instrument, exchange: str, settings: Settings) -> None:
    """Check without a network that an instrument exists, as far as the lists at hand can tell.

    Raises:
        InputError: no list has it.
    """
    known = [*_cached_or_shipped(exchange, settings), *_shipped("binance")]
    if not any(match.pair == instrument.pair for match in known):
        hint = suggest_pair(instrument, (match.pair for match in known))
        raise InputError(
            f"Unknown symbol {instrument.pair}: not in {known[0].source}.{hint} If it was listed later, "
            "connect to the exchange or `twokey data import FILE`."
        )


def _from_exchange(exchange: str, settings: Settings) -> list[SymbolMatch]:
    markets = ExchangeClient(exchange, settings).markets()
    source = f"{exchange}, asked {datetime.now(UTC):%Y-%m-%d}"
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
    kept = _cache_file(exchange, settings)
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".tmp")
    part.write_bytes(_LISTING.dump_json(found))
    part.replace(kept)
    return found


def _cached_or_shipped(exchange: str, settings: Settings) -> list[SymbolMatch]:
    kept = _cache_file(exchange, settings)
    return _LISTING.validate_json(kept.read_bytes()) if kept.exists() else _shipped(exchange)


def _shipped(exchange: str) -> list[SymbolMatch]:
    path = _SHIPPED / f"{exchange}.txt"
    if not path.exists():
        return []
    about, *lines = path.read_text(encoding="utf-8").splitlines()
    kind = "perpetual" if exchange == "binanceusdm" else "spot"
    return [_match(line, kind, about.removeprefix("# ") + ", shipped") for line in lines]


def _match(line: str, kind: str, source: str) -> SymbolMatch:
    pair, _, halted = line.partition(" ")
    return SymbolMatch(symbol=pair.replace("/", ""), pair=pair, kind=kind, active=not halted, source=source)


def _cache_file(exchange: str, settings: Settings) -> Path:
    return settings.candles_dir / exchange / "listing.json"


def _closeness(match: SymbolMatch, wanted: str) -> tuple[object, ...]:
    base, _, quote = match.pair.partition("/")
    return (match.symbol != wanted, base != wanted, not match.active, quote != "USDT", len(match.symbol), match.symbol)
