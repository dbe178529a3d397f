"""The store behind pgbouncer in transaction mode, where the next transaction may be on another connection."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread

import psycopg
import pytest

from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.migrations.running import initialise, migrate
from skills_lib.trades.store.model import Written
from skills_lib.trades.store.rows import StoredFill
from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.store.examples import fill
from tests.trades.store.servers import UNPRIVILEGED, PostgresServer, free_port

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
CONFIG = """[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
server_reset_query_always = 0
logfile = {folder}/log
"""


@pytest.fixture
def pooled(postgres: PostgresServer) -> Iterator[str]:
    """The address of an empty database behind pgbouncer."""
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed: apt-get install pgbouncer")
    folder, port = Path(mkdtemp(prefix="twokey-pool-", dir="/tmp")), free_port()
    (folder / "config").write_text(CONFIG.format(server=postgres.port, port=port, folder=folder), encoding="utf-8")
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    with subprocess.Popen(
        [PROGRAM, "--quiet", str(folder / "config")], user=user, stderr=subprocess.DEVNULL
    ) as process:
        try:
            url = postgres.new_database().replace(f":{postgres.port}/", f":{port}/")
            wait_for(url)
            yield url
        finally:
            process.kill()
    shutil.rmtree(folder, ignore_errors=True)


def wait_for(url: str) -> None:
    for _ in range(2_000):
        try:
            psycopg.connect(url, prepare_threshold=None).close()
        except psycopg.OperationalError as error:
            last = error
        else:
            return
    raise last


def test_writers_share_few_connections_and_every_row_is_there_once(pooled: str) -> None:
    address = parse_address(pooled)
    stores = [SqlStore(address) for _ in range(4)]
    initialise(stores[0].engine, address)
    assert migrate(stores[1].engine, address) == (1, 1)

    def fill_in(store: SqlStore) -> None:
        for begin in range(0, 1_000, 250):
            store.write([fill(i) for i in range(begin, begin + 300)])
            store.write([fill(i) for i in range(begin, begin + 30)])

    threads = [Thread(target=fill_in, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.trade_id for row in stores[3].rows(StoredFill)] == list(range(1_050))
    assert stores[2].write([fill(i) for i in range(1_050)]) == {"fills": Written(unchanged=1_050)}
    for store in stores:
        store.close()
