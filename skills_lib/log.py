"""Says what the program does, on standard error, for `--verbose`, `--debug` and TWOKEY_LOG; silent unless asked for.

structlog is imported when the first line is asked for. A line never holds a secret: values that the environment or the
command line names as a key, a secret, a token or a password are replaced, as are signatures and passwords in addresses.
"""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

from skills_lib.domain.errors import InputError, did_you_mean

Level = Literal["info", "debug"]
LEVELS: tuple[Level, ...] = ("info", "debug")
VARIABLE = "TWOKEY_LOG"
HIDDEN = "***"
_SECRET_NAME = re.compile(r"key|secret|token|passw|credential|signature", re.IGNORECASE)
_IN_ADDRESS = re.compile(
    r"(:/{1,2})[^/\s@]+(?=@)|(?<=[?&])(\w*(?:key|signature|token|secret)\w*=)[^&\s'\"]+", re.IGNORECASE
)
_OWN = "TWOKEY_"
_MIN_SECRET = 4
"""Shorter values would hide ordinary words."""


class _Logger(Protocol):
    def info(self, event: str, **facts: Any) -> None: ...

    def debug(self, event: str, **facts: Any) -> None: ...


class _Log:
    """What is shown. `logger` is None while nothing is."""

    def __init__(self) -> None:
        self.level: Level | None = None
        self.logger: _Logger | None = None
        self.secrets: tuple[str, ...] = ()


_LOG = _Log()


def level_of_environment() -> Level | None:
    """The level that TWOKEY_LOG asks for; None where it is not set or empty.

    Raises:
        InputError: an unknown level.
    """
    found = os.environ.get(VARIABLE, "").strip().lower()
    for level in LEVELS:
        if found == level:
            return level
    if found:
        raise InputError(f"{VARIABLE}={found} is no level.{did_you_mean(found, LEVELS)} Allowed: {', '.join(LEVELS)}.")
    return None


def start(level: Level | None, arguments: Sequence[str] = ()) -> None:
    """Show lines from `level` on, or none. `arguments`: the command line, whose secrets are not shown."""
    _LOG.level, _LOG.logger, _LOG.secrets = level, None, tuple(_secrets(arguments))
    if level is not None:
        _show_records(level)


def shown() -> Level | None:
    """The level that is shown; None where nothing is."""
    return _LOG.level


def info(event: str, **facts: Any) -> None:
    """Say that `event` happened, with its `facts`."""
    if _LOG.level is not None:
        _logger().info(event, **facts)


def debug(event: str, **facts: Any) -> None:
    """Say a detail."""
    if _LOG.level == "debug":
        _logger().debug(event, **facts)


def without_secrets(text: str) -> str:
    """`text` with each known secret replaced."""
    for secret in _LOG.secrets:
        text = text.replace(secret, HIDDEN)
    return _IN_ADDRESS.sub(lambda found: f"{found[1] or found[2]}{HIDDEN}", text)


def _show_records(level: Level) -> None:
    """Show what the library's modules write with the standard library's logging, too."""
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say = debug if record.levelno < logging.INFO else info
            say(record.getMessage(), module=record.name)

    logger = logging.getLogger("skills_lib")
    logger.handlers, logger.propagate = [Handler()], False
    logger.setLevel(level.upper())


def _logger() -> _Logger:
    if _LOG.logger is None:
        _LOG.logger = _configured()
    return _LOG.logger


def _configured() -> _Logger:
    import structlog

    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    logger: _Logger = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S.%f", utc=False),
            structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback),
            lambda _logger, _name, line: without_secrets(str(line)),
        ],
        cache_logger_on_first_use=True,
    )
    return logger


def _secrets(arguments: Sequence[str]) -> Iterable[str]:
    """Values whose variable or option is named like a secret, longest first."""
    found = {value for name, value in os.environ.items() if _SECRET_NAME.search(name.removeprefix(_OWN))}
    for name, value in zip(arguments, [*arguments[1:], ""], strict=False):
        option, equals, joined = name.partition("=")
        if option.startswith("-") and _SECRET_NAME.search(option):
            found.add(joined if equals else value)
    return sorted((value for value in found if len(value) >= _MIN_SECRET), key=len, reverse=True)
