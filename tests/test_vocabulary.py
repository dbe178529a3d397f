"""Names and texts use standard terms: non-standard words and unclear phrases are rejected everywhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository import ROOT, repository_files

BANNED_IN_NAMES = {
    "wish",
    "wishes",
    "leg",
    "legs",
    "told",
    "tell",
    "tells",
    "drawn",
    "chance",
    "befall",
    "befell",
    "spoil",
    "spoiled",
    "mend",
    "mended",
    "mending",
    "elsewhere",
    "stretch",
    "stretches",
    "piece",
    "pieces",
    "fewest",
    "least",
    "most",
    "beyond",
    "desk",
    "desks",
    "hall",
    "door",
    "room",
    "rooms",
    "storey",
    "keeper",
    "keepers",
    "bench",
    "distrust",
    "patience",
    "nap",
    "glance",
    "heard",
    "house",
    "face",
    "faces",
    "everything",
    "alone",
    "taught",
    "teaching",
    "spoilt",
    "question",
}
SERIALISED = frozenset({"most_recent", "words", "trusted", "silent"})
"""JSON keys that clients read keep their names."""
BANNED_PHRASES = (
    r"rooms? of (the|a|this) (house|library|live)",
    r"\bthe house\b",
    r"\b(a|any|every|no|which|whichever|whoever) faces?\b(?! value)",
    r"\bfaces? (do|of the|that)\b",
    r"in the words (a|of|that)",
    r"\bwishes\b",
    r"\bis told\b|\bare told\b|\bbe told\b",
    r"what is not known does not pass",
    r"what arrived is kept",
    r"the same (command|question) goes on",
    r"answers to one question",
    r"\bit holds \d",
    r"private words?",
    r"\bbefalls?\b",
    r"\bon its way out\b",
    r"can be believed",
    r"to the letter",
    r"what made it",
    r"what it cannot say",
    r"\b(another|same|wrong) question\b",
    r"\bgoes on from there\b",
    r"\bstands? on each other\b",
    r"\bspeaks? MCP\b",
    r"the machine refused",
    r"\basked for:",
    r"who asked\b",
    r"costs eat\b",
    r"\bfall out of sample\b",
    r"\bno performance\b",
    r"\ba drawn (stream|market|book|frame)",
)
EXEMPT = {Path("tests/test_vocabulary.py"), Path("docs/decisions"), Path("CHANGELOG.md")}
PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")


def defined_names(tree: ast.AST) -> Iterator[str]:
    """Names that a module defines: classes, functions, arguments, variables, attributes, import aliases."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if not node.name.startswith("test_"):
                yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname


def banned_names(source: str) -> list[str]:
    """Defined names with a banned part."""
    return sorted(
        {
            name
            for name in defined_names(ast.parse(source))
            if name not in SERIALISED and {part.lower() for part in PART.findall(name)} & BANNED_IN_NAMES
        }
    )


def banned_phrases(text: str) -> list[str]:
    """Passages of a page or module that contain a banned phrase."""
    flat = " ".join(text.split())
    return [match[0] for phrase in BANNED_PHRASES for match in re.finditer(phrase, flat, flags=re.IGNORECASE)]


def is_exempt(path: Path) -> bool:
    relative = path.relative_to(ROOT)
    return any(relative == exempt or exempt in relative.parents for exempt in EXEMPT)


def modules() -> list[Path]:
    """Every Python file but this one."""
    return [path for path in repository_files("*.py") if not is_exempt(path)]


def test_no_name_contains_a_banned_word() -> None:
    found = {str(path.relative_to(ROOT)): banned_names(path.read_text(encoding="utf-8")) for path in modules()}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_path_contains_a_banned_word() -> None:
    allowed = {"bench"}  # `make bench` runs the files named so
    paths = [path.relative_to(ROOT) for path in repository_files()]
    banned = BANNED_IN_NAMES - allowed
    assert [str(path) for path in paths if set(re.findall(r"[a-z]+", str(path).lower())) & banned] == []


def test_no_text_contains_a_banned_phrase() -> None:
    pages = [path for path in [*repository_files("*.md"), *modules()] if not is_exempt(path)]
    found = {str(path.relative_to(ROOT)): banned_phrases(path.read_text(encoding="utf-8")) for path in pages}
    assert {path: phrases for path, phrases in found.items() if phrases} == {}


CLIENT_FOLDERS = (
    "account",
    "alerts",
    "bars",
    "binance",
    "client",
    "control",
    "daemon",
    "emergency",
    "engine",
    "explain",
    "journal",
    "replay",
    "schedules",
    "session",
    "sockets",
    "start",
    "watchdog",
)
"""Packages of `live` on the client's side of the wire."""


def test_no_two_public_classes_of_the_library_and_live_share_a_name() -> None:
    """The simulator is the other side of the wire: an exchange and its client both have orders and positions."""
    places: dict[tuple[bool, str], list[str]] = {}
    for path in repository_files("*.py"):
        relative = path.relative_to(ROOT)
        if relative.parts[0] not in {"skills_lib", "live", "scripts"}:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                client = relative.parts[:2] in {("live", folder) for folder in CLIENT_FOLDERS}
                places.setdefault((client, node.name), []).append(str(relative))
    library = {name for (client, name), files in places.items() if not client and files[0].startswith("skills_lib")}
    assert [name for client, name in places if client and name in library] == []
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def execute_wishes(legs): ...", ["execute_wishes", "legs"]),
        ("class RestDoor:\n    MOST_WAITING = 3", ["MOST_WAITING", "RestDoor"]),
        ("self.room = 1\nfor told in (): pass", ["room", "told"]),
        ("almost = mushroom = almost_everyone = legacy = 1", []),
    ],
)
def test_banned_names_are_found(source: str, names: list[str]) -> None:
    assert banned_names(source) == names


def test_banned_phrases_are_found() -> None:
    assert banned_phrases("Checked in one place for every\nface, in the words a person typed") != []
    assert banned_phrases("At least one other order; prices face value") == []
