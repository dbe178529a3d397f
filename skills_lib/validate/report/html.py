"""Writes the report as one self-contained HTML file with embedded pictures, without scripts."""

from base64 import b64encode
from collections.abc import Mapping
from html import escape

from skills_lib.backtest.report.markdown import SYNTHETIC_NOTE
from skills_lib.validate.model import ValidationResult
from skills_lib.validate.report.markdown import PICTURE_CAPTIONS
from skills_lib.validate.report.sections import sections
from skills_lib.validate.report.tables import Grid, ReportSection, rules_grid

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --dim: #59636e; --line: #d1d9e0; --page: #ffffff; --card: #f6f8fa;
  --pass: #1a7f37; --caution: #9a6700; --fail: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9198a1; --line: #3d444d; --page: #0d1117;
  --card: #151b23; --pass: #3fb950; --caution: #d29922; --fail: #f85149; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem 4rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
.verdict { border: 1px solid var(--line); border-left: .5rem solid; border-radius: .4rem; background: var(--card);
  padding: .8rem 1.2rem; margin: 1.2rem 0; font-size: 1.4rem; font-weight: 700; }
.PASS { color: var(--pass); } .CAUTION { color: var(--caution); } .FAIL { color: var(--fail); }
.dim, .limits { color: var(--dim); } .limits { font-size: .9rem; font-style: italic; }
.synthetic { border: 2px solid var(--caution); padding: .6rem 1rem; font-weight: 700; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .6rem 0 1rem; font-size: .92rem; }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top;
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; color: var(--dim); }
img { max-width: 100%; height: auto; background: #ffffff; border: 1px solid var(--line); border-radius: .4rem; }
""".strip()


def write_page(result: ValidationResult, pictures: Mapping[str, bytes]) -> str:
    """The HTML page; `pictures`: PNG bytes by name in the artifacts."""
    title = f"{result.strategy} on {result.symbol} {result.timeframe}: {result.verdict.label}"
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>",
            *_head(result),
            *_list("What would change the verdict", result.verdict.would_change),
            *_list("Limits", result.verdict.not_covered),
            *_list("Warnings", result.warnings),
            *(_section(section, pictures) for section in sections(result)),
            "</body>\n</html>\n",
        ]
    )


def _head(result: ValidationResult) -> list[str]:
    spanned = f"{result.bars:,} bars, {result.start} to {result.end} UTC, {result.source}"
    banner = [f'<p class="synthetic">{escape(SYNTHETIC_NOTE)}</p>'] if result.synthetic else []
    label = result.verdict.label
    return [
        f"<h1>Validation of {escape(result.strategy)} on {escape(result.symbol)} {escape(result.timeframe)}</h1>",
        f'<p class="dim">{escape(spanned)}</p>',
        *banner,
        f'<div class="verdict {label}">{label}</div>',
        _grid(rules_grid(result.verdict.rules)),
    ]


def _list(title: str, texts: list[str]) -> list[str]:
    return [f"<h2>{escape(title)}</h2>", _points(texts)] if texts else []


def _points(texts: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>" if texts else ""


def _section(section: ReportSection, pictures: Mapping[str, bytes]) -> str:
    return "\n".join(
        [
            f"<section>\n<h2>{escape(section.title)}</h2>",
            *(f"<p>{escape(text)}</p>" for text in section.paragraphs),
            _points(section.points),
            *(_grid(grid) for grid in section.grids),
            *(_picture(name, pictures[name]) for name in section.pictures if name in pictures),
            *(f'<p class="limits">{escape(text)}</p>' for text in section.limits),
            "</section>",
        ]
    )


def _picture(name: str, png: bytes) -> str:
    return f'<img alt="{escape(PICTURE_CAPTIONS[name])}" src="data:image/png;base64,{b64encode(png).decode("ascii")}">'


def _grid(grid: Grid) -> str:
    if not grid.rows:
        return ""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in grid.head)
    rows = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in grid.rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(text: str) -> str:
    marked = f' class="{text}"' if text in ("PASS", "CAUTION", "FAIL") else ""
    return f"<td{marked}>{escape(text)}</td>"
