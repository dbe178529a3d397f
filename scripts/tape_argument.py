"""A tape on the command line: a file, a folder, or `sample` for the embedded one."""

from pathlib import Path

from scripts.console import print_error

TAPE_HELP = "A file of lines, plain, .gz or .zst, a recorded folder, or sample: the embedded synthetic tape."


def tape_of(path: Path | None) -> Path | None:
    """The tape that is named; on standard error it is said if it is the synthetic one."""
    from skills_lib.market.depth.tape.sample import SYNTHETIC_TAPE, is_synthetic, tape_named

    if path is None:
        return None
    named = tape_named(path)
    if is_synthetic(named):
        print_error(f"! {SYNTHETIC_TAPE}")
    return named
