"""Which names a strategy may have: each is a module, a class and a word on a command line."""

import keyword
import re

from skills_lib.domain.errors import InputError

MAX_NAME_LENGTH = 40
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def require_strategy_name(name: str) -> None:
    """Accept names such as `my_idea`.

    Raises:
        InputError: any other name, a path among them.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > MAX_NAME_LENGTH or name.startswith("test"):
        raise InputError(
            f"'{name}' cannot name a strategy. Use lower-case letters, digits and single underscores, a letter first, "
            f"at most {MAX_NAME_LENGTH} characters, no Python keyword and no name that starts with test."
        )
