"""The documentation as a site: builds without a warning from the repository's Markdown, and fetches nothing."""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.html import fetched
from tests.repository import ROOT

pytest.importorskip("mkdocs", reason="mkdocs-material is not installed; make setup installs it")
LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"')
NAME = re.compile(r'\b(?:id|name)="([^"]+)"')


def build(folder: Path, config: Path = ROOT / "mkdocs.yml") -> subprocess.CompletedProcess[str]:
    """Build the site into a folder."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert "WARNING" not in done.stderr
    return folder


def pages(site: Path) -> dict[Path, str]:
    """Every page and its text."""
    return {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}


def test_every_page_decision_and_notebook_is_in_the_site(site: Path) -> None:
    sources = [path for path in (ROOT / "docs").rglob("*") if path.suffix in {".md", ".ipynb"}]
    expected = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in sources}
    assert expected | {Path("index.html")} <= {path.relative_to(site) for path in pages(site)}
    start = (site / "index.html").read_text(encoding="utf-8")
    named = {unquote(link).partition("#")[0] for link in LINK.findall(start)}
    assert {path.as_posix() for path in expected} <= named, "each page is in the navigation"


def test_the_readme_is_the_first_page(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    for heading in re.findall(r"^## (.+)$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M):
        assert html.escape(heading) in text


def test_links_inside_the_site_lead_to_pages_and_headings(site: Path) -> None:
    found = pages(site)
    names = {path: {*NAME.findall(text), ""} for path, text in found.items()}
    wrong = []
    for path, text in found.items():
        for link in map(urlsplit, map(html.unescape, LINK.findall(text))):
            if link.scheme or path.name == "404.html":
                continue
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            if not target.exists() or (target in names and unquote(link.fragment) not in {*names[target], "__nav"}):
                wrong.append(f"{path.relative_to(site)} to {link.geturl()}")
    assert wrong == []


def test_no_page_refers_to_a_foreign_host_for_anything_it_loads(site: Path) -> None:
    foreign = re.compile(r"https?:|//[a-z]")
    wrong = [(path.name, what) for path, text in pages(site).items() for what in fetched(text) if foreign.search(what)]
    assert wrong == []
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert not any(re.search(r"url\(\s*[\"']?(https?:|//)|@import", text) for text in styles)


def test_a_browser_asks_for_files_of_the_site_only(site: Path) -> None:
    program = shutil.which("chromium") or pytest.skip("chromium is not installed; apt-get install chromium brings it")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    asked: list[str] = []
    options = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=program, args=options)
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        for name in ("index.html", "indicators.html", "notebooks/tape.html"):
            page.goto((site / name).as_uri(), wait_until="networkidle")
        browser.close()
    assert len(asked) > 3
    assert [url for url in asked if not url.startswith((site.as_uri(), "data:"))] == []


def test_a_wrong_link_fails_the_build(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "README.md", tmp_path)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    page = tmp_path / "docs" / "ledger.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n[gone](nowhere.md)\n", encoding="utf-8")
    done = build(tmp_path / "site", tmp_path / "mkdocs.yml")
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr + done.stdout
