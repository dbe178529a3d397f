"""What an HTML page fetches when a browser opens it without a network."""

import re
from html.parser import HTMLParser

_FETCHING = {"src", "srcset", "href", "data", "poster", "background", "action", "formaction", "xlink:href"}
_EMBEDDING = {"iframe", "frame", "object", "embed", "base", "portal"}


class _Fetched(HTMLParser):
    """Collects references to other files, in tags, in styles and in the scripts that are not a library."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        if tag in _EMBEDDING:
            self.found.append(f"<{tag}>")
        if tag == "link":
            self.found.append(f"<link {dict(attrs)}>")
        for name, value in attrs:
            link = tag == "a" and name == "href"  # fetched where somebody clicks
            if name in _FETCHING and not link and not (value or "").startswith(("data:", "#")):
                self.found.append(f"<{tag} {name}={value!r}>")
            if name == "style" or name.startswith("on"):
                self.found += _in_style(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.found += _in_style(data)
        if self._inside == "script" and not _is_bokeh(data):
            self.found += re.findall(r"createElement\W{1,4}(?:iframe|script|img|link)|plx\.gif\S*", data)
            self.found += re.findall(r"(?:src|href)\W{1,6}https?:\S{0,60}|fetch\(|XMLHttpRequest|sendBeacon", data)


def fetched(page: str) -> list[str]:
    """Everything in `page` that a browser would fetch by itself; [] for a page that stands alone."""
    parser = _Fetched()
    parser.feed(page)
    parser.close()
    return parser.found


def title_of(page: str) -> str:
    """The text of <title>."""
    found = re.search(r"<title>\s*(.*?)\s*</title>", page, re.DOTALL)
    return found[1] if found else ""


def _in_style(text: str) -> list[str]:
    return re.findall(r"url\(\s*['\"]?(?!data:|#)[^)]{0,60}|@import[^;]{0,60}", text)


def _is_bokeh(script: str) -> bool:
    """Bokeh's library names elements and addresses of optional tools; the page's own script decides what is made."""
    return len(script) > 100_000 and "Bokeh" in script and "bokeh.org" in script
