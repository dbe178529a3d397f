"""Called by a hook of Claude Code after a file was written: tests a strategy's file for look-ahead.

Reads the hook's JSON from standard input. Exit code 2, with one line on standard error that the model reads, if the
file is a strategy that cannot be imported or fails a check; 0 for any other file.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from skills_lib.domain.errors import InputError

_REFUSED = 2


def main() -> int:
    """Check the file that was written, if it is a strategy of this workspace."""
    name = _strategy_in(sys.stdin.read())
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # whatever the strategy prints
        problem = _problem_of(name) if name else None
    if problem:
        sys.stderr.write(f"strategies/{name}.py: {' '.join(problem.split())}\n")
    return _REFUSED if problem else 0


def _strategy_in(event: str) -> str | None:
    """The name of the strategy whose file was written; None for any other file or event."""
    try:
        path = Path(json.loads(event)["tool_input"]["file_path"]).resolve()
    except (ValueError, TypeError, KeyError):
        return None
    if path.suffix != ".py" or path.parent.name != "strategies" or path.name.startswith("_"):
        return None
    import strategies

    is_known = path.stem in strategies.available() and strategies.source_file(path.stem).resolve() == path
    return path.stem if is_known else None


def _problem_of(name: str) -> str | None:
    import strategies
    from skills_lib.testing.checks import check_look_ahead, check_parameters, check_sides

    try:
        strategy = strategies.load(name)
    except InputError as error:
        return str(error)
    for check in (check_parameters, check_look_ahead, check_sides):
        found = check(strategy)
        if found.passed is False:
            return f"{found.name}: {found.reason}"
    return None


if __name__ == "__main__":
    sys.exit(main())
