"""The progress bar on a terminal: a count once the total is known, and never `0/None`."""

import io
import re

import pytest

from scripts.console import progress_bar

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SPACES_AND_BARS = re.compile(r"[ ━╸╺]+")
Calls = list[tuple[int, int, str]]


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def screens(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> list[str]:
    """What the bar shows before any call and after each, without colours."""
    from rich.progress import Progress

    terminal, bars, shown = Terminal(), list[Progress](), list[str]()
    start = Progress.start

    def started(bar: Progress) -> None:
        bars.append(bar)
        start(bar)

    monkeypatch.setattr(Progress, "start", started)
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with progress_bar() as progress:
        for call in [None, *calls]:
            if call is not None:
                progress(*call)
            terminal.truncate(0)
            bars[0].refresh()
            shown.append(SPACES_AND_BARS.sub(" ", ESCAPES.sub("", terminal.getvalue())).strip("\r\n\0 "))
    return shown


def test_no_count_is_shown_until_the_total_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    found = screens(monkeypatch, [(0, 0, "waiting"), (0, 3, "Running"), (2, 1_500, "bars"), (5, 0, "waiting")])
    assert [bool(re.search(r"\d/", text)) for text in found] == [False, False, True, True, False]
    assert "Running 0/3" in found[2]
    assert "bars 2/1,500" in found[3]
    assert not any("None" in text for text in found)


def test_a_finished_part_is_followed_by_one_that_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = screens(monkeypatch, [(3, 3, "Done"), (0, 0, "waiting"), (0, 4, "windows"), (4, 4, "windows")])
    assert "Done 3/3" in found[1]
    assert "waiting" in found[2]
    assert "windows 0/4" in found[3]
    assert "windows 4/4" in found[4]


def test_nothing_is_shown_where_standard_error_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for shown in (True, False):
        with progress_bar(shown) as progress:
            progress(1, 2, "Running")
    assert capsys.readouterr().err == ""
