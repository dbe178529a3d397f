"""The log of a daemon: one JSON object a line in `live/logs/`, a file a UTC day, kept for a month.

The journal is the record of what was decided; the log says how the process fared. Nothing waits for it, and a log that
cannot be written stops nothing.
"""

import logging
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Any, Final, Protocol, cast

from skills_lib.log import without_secrets

DAYS_KEPT: Final = 30
_NAME: Final = "twokey.daemon"


class Log(Protocol):
    """Takes events by level, with their facts."""

    def info(self, event: str, **facts: Any) -> None: ...

    def warning(self, event: str, **facts: Any) -> None: ...

    def error(self, event: str, **facts: Any) -> None: ...


def open_log(folder: Path, session: str) -> Log:
    """The log of a session; its file is `<session>.log`, older days beside it with their date.

    Raises:
        OSError: the folder or file cannot be made.
    """
    import structlog

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = TimedRotatingFileHandler(
        folder / f"{session}.log", when="midnight", utc=True, backupCount=DAYS_KEPT, encoding="utf-8"
    )
    logger = logging.getLogger(f"{_NAME}.{session}")
    for old in logger.handlers[:]:
        logger.removeHandler(old)
        old.close()
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logging.raiseExceptions = False  # a full disk stops the journal, and with it the orders; not the log
    return cast(
        Log,
        structlog.wrap_logger(
            logger,
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.dict_tracebacks,
                structlog.processors.JSONRenderer(),
                lambda _logger, _name, line: without_secrets(str(line)),
            ],
            wrapper_class=structlog.stdlib.BoundLogger,
            cache_logger_on_first_use=True,
        ),
    )
