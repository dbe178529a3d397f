"""The `twokey` command as the user called it, so that every command that it names runs as printed."""

import re
import shlex
import shutil
import sys
from pathlib import Path

PROGRAM = "twokey"
_MENTION = re.compile(rf"(?<=`){PROGRAM}(?= )")


def program() -> str:
    """The command as the user called it: `twokey` where PATH finds the same file, else its path."""
    called = Path(sys.argv[0])
    found = shutil.which(PROGRAM)
    if called.name != PROGRAM or not called.is_file() or (found and Path(found).samefile(called)):
        return PROGRAM
    here = Path.cwd()
    if called.is_absolute() and called.is_relative_to(here):
        called = called.relative_to(here)
    return shlex.quote(str(called))


def command(*words: object) -> str:
    """A command line of `twokey` that runs as it is printed."""
    return f"{program()} {shlex.join(str(word) for word in words)}"


def runnable(text: str) -> str:
    """`text` with every mention of a command, such as `twokey runs` in backquotes, as the user called it."""
    return _MENTION.sub(lambda _: program(), text)
