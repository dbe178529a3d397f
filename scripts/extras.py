"""How optional libraries are installed into this environment: by a line that runs as printed, from their own names."""

import re
import shlex
import sys
from collections.abc import Iterator
from importlib.util import find_spec

_ADVICE = re.compile(r"pip install 'twokey\[([\w,]+)\]'")
_REQUIREMENT = re.compile(r"(.+?)\s*;.*\bextra\s*==\s*['\"](\w+)['\"]")


def with_installs(text: str) -> str:
    """`text` with each `pip install 'twokey[NAME]'` as it installs the libraries of that extra here.

    The package itself may come from a checkout or a wheel, so that its name may find nothing, or another, elsewhere.
    """
    return _ADVICE.sub(lambda found: _install(found[1].split(",")) or found[0], text)


def _install(extras: list[str]) -> str:
    wanted = shlex.join(dict.fromkeys(name for extra in extras for name in _libraries(extra)))
    if not wanted:
        return ""
    python = shlex.quote(sys.executable)
    has_pip = find_spec("pip") is not None
    return f"{python} -m pip install {wanted}" if has_pip else f"uv pip install --python {python} {wanted}"


def _libraries(extra: str) -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, requires

    try:
        declared = requires("twokey") or []
    except PackageNotFoundError:
        return
    for line in declared:
        if (found := _REQUIREMENT.match(line)) and found[2] == extra:
            yield found[1].strip()
