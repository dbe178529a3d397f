"""TimescaleDB: candles as a hypertable where a database has the extension, compressed in its community edition.

A database without it, the normal case and always so on Supabase's PostgreSQL 17, keeps a plain table with a BRIN index.
The extension is never installed from here.
"""

from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.engine import Connection

from skills_lib.trades.store.rows import StoredCandle
from skills_lib.trades.store.schema import OWNER

_DAY_MS = 86_400_000
_CHUNK_MS = 30 * _DAY_MS
_COMPRESSED_AFTER_MS = 90 * _DAY_MS
_COLUMNSTORE_SINCE = (2, 18)
_SEGMENTS = ", ".join((OWNER, *StoredCandle.KEY[:-1]))


class Edition(StrEnum):
    """What of TimescaleDB a database has. COMPRESSION: a community edition before columnstore had its name."""

    NONE = "none"
    APACHE = "apache"
    COMPRESSION = "community, compression"
    COLUMNSTORE = "community, columnstore"


def edition_of(connection: Connection) -> Edition:
    """Look at the extension and its licence."""
    found = connection.execute(text("select extversion from pg_extension where extname = 'timescaledb'")).scalar()
    if found is None:
        return Edition.NONE
    if connection.execute(text("select current_setting('timescaledb.license', true)")).scalar() != "timescale":
        return Edition.APACHE
    version = tuple(int(part) for part in str(found).split("-")[0].split(".")[:2])
    return Edition.COLUMNSTORE if version >= _COLUMNSTORE_SINCE else Edition.COMPRESSION


def arrange_candles(connection: Connection, schema: str | None) -> Edition:
    """Store candles as the database does it best; may be repeated."""
    edition = edition_of(connection)
    for statement in statements_of(edition, f"{schema or 'public'}.{StoredCandle.TABLE}", schema or "public"):
        connection.execute(text(statement))
    return edition


def statements_of(edition: Edition, table: str, schema: str) -> list[str]:
    """The SQL that turns a plain table into what an edition has."""
    if edition is Edition.NONE:
        return []
    found = [
        f"select create_hypertable('{table}', 'open_ms', chunk_time_interval => {_CHUNK_MS}::bigint, "
        "create_default_indexes => false, if_not_exists => true, migrate_data => true)",
        f"create or replace function {schema}.twokey_now_ms() returns bigint language sql stable "
        "as 'select (extract(epoch from now()) * 1000)::bigint'",
        f"select set_integer_now_func('{table}', '{schema}.twokey_now_ms', replace_if_exists => true)",
    ]
    return found + _compressed(edition, table)


def _compressed(edition: Edition, table: str) -> list[str]:
    after = f"{_COMPRESSED_AFTER_MS}::bigint, if_not_exists => true"
    if edition is Edition.COLUMNSTORE:
        return [
            f"alter table {table} set (timescaledb.enable_columnstore, timescaledb.segmentby = '{_SEGMENTS}', "
            "timescaledb.orderby = 'open_ms')",
            f"call add_columnstore_policy('{table}', after => {after})",
        ]
    if edition is Edition.COMPRESSION:
        return [
            f"alter table {table} set (timescaledb.compress, timescaledb.compress_segmentby = '{_SEGMENTS}', "
            "timescaledb.compress_orderby = 'open_ms')",
            f"select add_compression_policy('{table}', compress_after => {after})",
        ]
    return []
