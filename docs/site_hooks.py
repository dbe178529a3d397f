"""Hooks of the documentation site: its first page is README.md, its last ones the decisions, and notebooks are pages.

MkDocs reads the same Markdown that the repository shows. What the two resolve differently is adapted here.
"""

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<path>[^)#\s:]+)(?P<anchor>#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add what the navigation does not name: pages, then the decisions, in their order."""
    named = set(re.findall(r"[\w/-]+\.md", json.dumps(config.nav)))
    pages = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
    decisions = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    config.nav = [
        *(config.nav or []),
        {"More": [page for page in pages if page not in named]},
        {"Decisions": [f"decisions/{name}" for name in decisions]},
    ]
    config.nav = [part for part in config.nav if list(part.values()) != [[]]]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add README.md as the first page, and a page for each notebook."""
    files.append(File.generated(config, "index.md", content=(ROOT / "README.md").read_text(encoding="utf-8")))
    for notebook in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        text = notebook_page(json.loads(notebook.read_text(encoding="utf-8")))
        files.append(File.generated(config, f"notebooks/{notebook.stem}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links of README.md into the site, and name files outside docs/ instead of linking to them."""
    folder = ROOT if page.file.src_uri == "index.md" else (ROOT / "docs" / page.file.src_uri).parent
    return LINK.sub(lambda match: site_link(match, folder, page.file.src_uri), markdown)


def site_link(match: re.Match[str], folder: Path, page: str) -> str:
    """A relative link of a page in `folder` as the site needs it."""
    target, anchor = (folder / match["path"]).resolve(), match["anchor"] or ""
    up = "../" * page.count("/")
    if target == ROOT / "README.md":
        return f"{match['picture']}[{match['text']}]({up}index.md{anchor})"
    if target.suffix == ".ipynb":
        target = target.with_suffix(".md")
    if target.is_relative_to(ROOT / "docs"):
        return f"{match['picture']}[{match['text']}]({up}{target.relative_to(ROOT / 'docs').as_posix()}{anchor})"
    return f"{match['text']} (`{target.relative_to(ROOT).as_posix()}` in the repository)"


def notebook_page(notebook: dict[str, Any]) -> str:
    """Text and code of a notebook as Markdown."""
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
    return "\n\n".join(parts) + "\n"
