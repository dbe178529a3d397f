"""Opens pages in Debian's Chromium with the network cut, and lists what they ask for and say."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS = (400, 1280)
SCHEMES = ("light", "dark")
MIN_CONTRAST = 4.5

OUTSIDE = """() => [...document.querySelectorAll('.plot text')].filter(text => {
  const own = text.getBoundingClientRect(), plot = text.closest('.plot').getBoundingClientRect();
  return own.width && (own.left < plot.left - 1 || own.right > plot.right + 1 || own.bottom > plot.bottom + 1);
}).map(text => text.textContent)"""
OVERLAPPING = """() => [...document.querySelectorAll('.plot')].flatMap(plot => {
  const texts = [...plot.querySelectorAll('text')].filter(text => text.getBoundingClientRect().width);
  const boxes = texts.map(text => text.getBoundingClientRect());
  return texts.flatMap((text, i) => texts.slice(i + 1).filter((_, j) => {
    const a = boxes[i], b = boxes[i + 1 + j];
    return a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
  }).map(other => `${text.textContent} / ${other.textContent}`));
})"""
CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = text => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const over = (top, below) => top.slice(0, 3).map((value, i) => value * top[3] + below[i] * (1 - top[3]));
  const behind = element => element ? over(rgba(getComputedStyle(element).backgroundColor),
    behind(element.parentElement)) : [255, 255, 255];
  const light = rgb => rgb.map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  return [...document.querySelectorAll('body *')].filter(one => one.checkVisibility()
    && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())
    && !['SCRIPT', 'STYLE', 'NOSCRIPT', 'title'].includes(one.tagName)).map(one => {
      const style = getComputedStyle(one), ink = one instanceof SVGElement ? style.fill : style.color;
      const page = behind(one), a = light(over(rgba(ink), page)), b = light(page);
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.textContent.trim().slice(0, 40)];
    }); }"""


@dataclass
class Opened:
    """A page in the browser. `requests`: all that it asked for; `said`: console messages and errors."""

    page: "Page"
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def evaluate(self, script: str) -> Any:
        return self.page.evaluate(script)


@contextmanager
def chromium() -> "Iterator[Browser]":
    """Debian's Chromium, which resolves no host name; skips the test where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed; apt-get install chromium brings it")
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@contextmanager
def opened(browser: "Browser", path: Path) -> Iterator[Opened]:
    """The page at `path`, without a network."""
    context = browser.new_context(offline=True, viewport={"width": WIDTHS[0], "height": 800})
    found = Opened(context.new_page())
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.on("console", lambda message: found.said.append(message.text))
    found.page.on("pageerror", lambda error: found.said.append(str(error)))
    found.page.goto(path.as_uri(), wait_until="load")
    yield found
    context.close()


def faults_of(browser: "Browser", path: Path) -> list[str]:
    """What is wrong with a page: requests, messages, overflow, labels cut off or over each other, low contrast."""
    with opened(browser, path) as found:
        faults = [fault for width in WIDTHS for fault in _faults_at(found, width)]
        for scheme in SCHEMES:
            found.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            pale = [
                f"{text} ({contrast:.1f})" for contrast, text in found.evaluate(CONTRASTS) if contrast < MIN_CONTRAST
            ]
            faults += [f"low contrast in {scheme}: {text}" for text in pale]
        faults += [f"asks for {url}" for url in found.requests if url != path.as_uri()]
        return faults + [f"says {text}" for text in found.said]


def _faults_at(found: Opened, width: int) -> list[str]:
    found.page.set_viewport_size({"width": width, "height": 800})
    wide = found.evaluate("document.documentElement.scrollWidth")
    return [
        *([f"{wide} px wide at {width}"] if wide > width else []),
        *(f"cut off at {width}: {text}" for text in found.evaluate(OUTSIDE)),
        *(f"over each other at {width}: {texts}" for texts in found.evaluate(OVERLAPPING)),
    ]
