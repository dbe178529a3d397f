"""Runs the migrations: all in one transaction, with a limit to waiting for locks, and never beside foreign tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateSchema

from skills_lib.domain.errors import InputError
from skills_lib.domain.options import option
from skills_lib.trades.store.address import Backend, StoreAddress
from skills_lib.trades.store.errors import INIT, NotAStoreError
from skills_lib.trades.store.row_security import is_supabase, secure
from skills_lib.trades.store.schema import TABLES, VERSION_TABLE
from skills_lib.trades.store.timescale import arrange_candles

_FOLDER = Path(__file__).parent
LOCK_S = 5.0
"""How long a migration in PostgreSQL waits for a table that others use, seconds."""
_LOCK = 0x74776F6B  # of every migration of a server, so that two do not run at once
_SHOWN = 5


def newest_version(versions: Path | None = None) -> int:
    """The version of the schema that this program reads and writes."""
    return int(ScriptDirectory.from_config(_config(versions)).get_current_head() or "0")


def stored_version(connection: Connection, schema: str | None) -> int | None:
    """The version of the schema in a database; None where there is no store."""
    if VERSION_TABLE not in _tables(connection, schema):
        return None
    name = f'"{schema}".{VERSION_TABLE}' if schema else VERSION_TABLE
    found = connection.execute(text(f"select version_num from {name}")).scalar()  # a name of ours
    return int(found) if found else None


def initialise(engine: Engine, address: StoreAddress, *, into_existing: bool = False) -> int:
    """Make the tables where there are none; the version of the schema. A store that is there stays as it is.

    into_existing: the person named this database though others have tables in it.

    Raises:
        InputError: it holds tables of others.
        NotAStoreError: it holds a store of another version.
    """
    with engine.begin() as connection:
        _wait_in_turn(connection, address)
        if address.schema and address.backend is Backend.POSTGRESQL:
            connection.execute(CreateSchema(address.schema, if_not_exists=True))
        found = stored_version(connection, address.schema)
        if found is None:
            _refuse_foreign(connection, address, into_existing)
            _upgrade(connection, address, None)
        else:
            check_version(found, newest_version(), address)
            _arrange(connection, address)
    return newest_version()


def migrate(engine: Engine, address: StoreAddress, versions: Path | None = None) -> tuple[int, int]:
    """Bring an existing store up to date; the version before and the one after.

    versions: folder of migrations beside those of the package.

    Raises:
        NotAStoreError: there is no store, or it is of a newer program.
        StoreBusyError: somebody holds a table; nothing was changed.
    """
    newest = newest_version(versions)
    with engine.begin() as connection:
        _wait_in_turn(connection, address)
        before = stored_version(connection, address.schema)
        check_version(before, newest, address, upgrading=True)
        if before != newest:
            _upgrade(connection, address, versions)
    return before or 0, newest


def check_version(found: int | None, newest: int, address: StoreAddress, *, upgrading: bool = False) -> None:
    """Refuse a store whose schema this program does not know.

    Raises:
        NotAStoreError: no store, an older one (unless upgrading), or a newer one.
    """
    if found is None:
        raise NotAStoreError(f"{address.shown} has no store. {INIT}.")
    if found > newest:
        raise NotAStoreError(
            f"{address.shown} has schema version {found}; this program knows {newest}. Use a newer one."
        )
    if found < newest and not upgrading:
        raise NotAStoreError(f"{address.shown} has schema version {found}, not {newest}. Run twokey store migrate.")


def _upgrade(connection: Connection, address: StoreAddress, versions: Path | None) -> None:
    config = _config(versions)
    config.attributes |= {"connection": connection, "schema": address.schema}
    command.upgrade(config, "head")
    _arrange(connection, address)


def _arrange(connection: Connection, address: StoreAddress) -> None:
    """What depends on the server and not on the schema's version."""
    if address.backend is Backend.POSTGRESQL:
        arrange_candles(connection, address.schema)
        if is_supabase(connection):
            secure(connection, address.schema)


def _config(versions: Path | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    folders = [_FOLDER / "versions", *([versions] if versions else [])]
    config.set_main_option("version_locations", "\n".join(str(one).replace("%", "%%") for one in folders))
    return config


def _wait_in_turn(connection: Connection, address: StoreAddress) -> None:
    """SQLite's transaction has the writer's lock already, and waited for it no longer than a writer does."""
    if address.backend is Backend.POSTGRESQL:
        connection.execute(text(f"set local lock_timeout = {int(LOCK_S * 1000)}"))
        connection.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))


def _refuse_foreign(connection: Connection, address: StoreAddress, into_existing: bool) -> None:
    found = _tables(connection, address.schema)
    ours = sorted(found & {table.name for table in TABLES.values()})
    if ours:
        raise InputError(
            f"{address.shown} has a table {ours[0]} that this program did not make. Name a schema of its own with "
            f"{option('schema')}, or another database."
        )
    if found and not into_existing:
        shown = ", ".join(sorted(found)[:_SHOWN]) + ("" if len(found) <= _SHOWN else f" and {len(found) - _SHOWN} more")
        raise InputError(
            f"{address.shown} holds tables of others: {shown}. Name a schema of its own with "
            f"{option('schema', 'twokey')}, another database, or this one with {option('into_existing')}."
        )


def _tables(connection: Connection, schema: str | None) -> set[str]:
    """Names of tables and views in the schema."""
    inspector = inspect(connection)
    return {*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)}
