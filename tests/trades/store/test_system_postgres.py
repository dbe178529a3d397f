"""The store in Debian's PostgreSQL, which unlike the embedded one has TLS."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from skills_lib.domain.errors import InputError
from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.choosing import open_store
from skills_lib.trades.store.copying import copy_store, rows_that_differ
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.rows import ROWS, StoredFill
from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.store.examples import example, fill
from tests.trades.store.servers import PostgresServer, postgres_server, system_programs


def self_signed() -> bytes:
    """A certificate of 127.0.0.1 and its key, as PEM."""
    key, name = generate_private_key(SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM) + private


@pytest.fixture(scope="module")
def debian() -> Iterator[PostgresServer]:
    """Debian's server, with a certificate that nobody knows."""
    programs = system_programs()
    if programs is None:
        pytest.skip("Debian's PostgreSQL is not installed: apt-get install postgresql")
    with postgres_server(programs, self_signed()) as server:
        yield server


def test_the_store_works_in_the_postgresql_that_debian_has(debian: PostgresServer, sqlite_store: SqlStore) -> None:
    sqlite_store.write([*(example(kind) for kind in ROWS), *(fill(i) for i in range(1_000))])
    address = parse_address(f"{debian.new_database()}?sslmode=require", schema="twokey")
    with SqlStore(address) as store:
        initialise(store.engine, address)
        copy_store(sqlite_store, store)
        assert list(rows_that_differ(sqlite_store, store)) == []
        assert store.totals(StoredFill, ["fee"]) == sqlite_store.totals(StoredFill, ["fee"])
        with store.engine.connect() as connection:
            ssl = connection.exec_driver_sql("select ssl from pg_stat_ssl where pid = pg_backend_pid()").scalar()
            assert ssl is True


def test_a_certificate_is_proved_where_the_address_says_so(debian: PostgresServer, tmp_path: Path) -> None:
    """A self-signed one is refused, and taken where it is named as the root."""
    url = f"{debian.new_database()}?sslmode=verify-full&sslrootcert="
    known, other = tmp_path / "known.crt", tmp_path / "other.crt"
    known.write_bytes((debian.folder / "data" / "server.crt").read_bytes())
    other.write_bytes(self_signed())
    with pytest.raises(InputError, match="its certificate was refused"):
        open_store(parse_address(f"{url}{other}"))
    with pytest.raises(InputError, match="has no store"):
        open_store(parse_address(f"{url}{known}"))
