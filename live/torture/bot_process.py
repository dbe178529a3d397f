"""The bot as a child process: started with its address and keys, asked to end, and killed if it does not."""

import asyncio
import os
import shlex
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from skills_lib.domain.errors import InputError


@dataclass(eq=False)
class BotProcess:
    """A running bot with its output in a file. It leads a process group of its own, which ends with it."""

    process: asyncio.subprocess.Process

    @property
    def exit_code(self) -> int | None:
        """The exit code; None while it runs."""
        return self.process.returncode

    async def ended_within(self, seconds: float) -> bool:
        """Wait for its end; True if it ended in time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), seconds)
        return self.exit_code is not None

    def ask_to_end(self) -> None:
        """Send SIGTERM to the process group."""
        self._signal(signal.SIGTERM)

    async def kill(self) -> None:
        """End whatever is left of the process group."""
        self._signal(signal.SIGKILL)
        await self.process.wait()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def arguments(command: str, port: int) -> list[str]:
    """The words of a command, with `{port}` replaced.

    Raises:
        InputError: the command is empty or its quotes do not match.
    """
    try:
        words = [word.replace("{port}", str(port)) for word in shlex.split(command)]
    except ValueError as error:
        raise InputError(f"The command of the bot cannot be read ({error}). Close its quotes.") from None
    if not words:
        raise InputError('The command of the bot is empty. Write it in quotes, such as "python bot.py {port}".')
    return words


async def start(command: str, port: int, environment: dict[str, str], output: Path) -> BotProcess:
    """Start the bot.

    Raises:
        InputError: the program does not exist or cannot be started.
    """
    words = arguments(command, port)
    with output.open("ab") as log:
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                env=os.environ | environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise InputError(
                f"{words[0]} cannot be started ({error.strerror}). Check the command of the bot."
            ) from None
    return BotProcess(process)
