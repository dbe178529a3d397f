"""Every page that Twokey writes is known here, and a test of its own opens it for what it fetches."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("skills_lib", "scripts", "mcp_servers", "strategies", "live")
TESTED = {
    "tear-sheet.html": "tests/backtest/test_tear_sheet.py",
    "plot.html": "tests/backtest/test_drawings.py",
    "report.html": "tests/validate/test_pipeline.py",
    "page.html": "tests/report/test_pages.py",  # the templates
    "slider.html": "tests/report/test_pages.py",
}


def named_pages() -> set[str]:
    """String constants in our code that are the name of an HTML file."""
    modules = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    nodes = (node for path in modules for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text for text in texts if text.endswith((".html", ".htm", ".svg")) and " " not in text}


def test_no_page_is_written_whose_references_are_not_tested() -> None:
    assert named_pages() == TESTED.keys()


def test_each_page_has_its_test() -> None:
    for page, file in TESTED.items():
        assert "fetched(page) == []" in (ROOT / file).read_text(encoding="utf-8"), page
