"""`twokey new-strategy`: a working strategy, its test and its page, to be changed into one's own."""

import ast
import keyword
import re
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import print_json
from scripts.options import AsJson
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.settings import Settings

KINDS = ("trend", "reversion", "breakout", "momentum")
LONGEST_NAME = 40
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def register(app: typer.Typer) -> None:
    """Add this file's verb to the command."""
    app.command("new-strategy")(new_strategy)


def new_strategy(
    name: Annotated[str, typer.Argument(help="Lower-case words joined by underscores, such as my_idea.")],
    kind: Annotated[str, typer.Option(help="trend, reversion, breakout or momentum.")],
    json: AsJson = False,
) -> None:
    """Write a strategy that works as it stands, with its parameter space, its test and its page. Overwrites nothing.

    Example: twokey new-strategy my_idea --kind breakout
    """
    home = Settings().home
    texts = render(name, kind)
    _refuse_taken(name, home, texts)
    write_all({home / place: text for place, text in texts.items()})
    places = [str(home / place) for place in texts]
    if json:
        print_json({"strategy": name, "kind": kind, "files": places})
    else:
        _say(name, kind, places)


def render(name: str, kind: str) -> dict[Path, str]:
    """The three new files: text by path below the workspace.

    Raises:
        InputError: an unknown kind, or a name that cannot be a module's, a class's and a command's word at once.
    """
    if kind not in KINDS:
        raise InputError(f"Unknown kind '{kind}'.{did_you_mean(kind, KINDS)} Allowed: {', '.join(KINDS)}.")
    _refuse_bad(name)
    sources = {
        Path("strategies") / f"{name}.py": f"{kind}.py",
        Path("tests/strategies") / f"test_{name}.py": f"{kind}_test.py",
        Path("docs/strategies") / f"{name}.md": f"{kind}.md",
    }
    texts = {place: _template(source) for place, source in sources.items()}
    used = set[str]().union(*(_imported(text) for place, text in texts.items() if place.suffix == ".py"))
    if class_name(name) in used - {kind.capitalize()} | set(keyword.kwlist):
        raise InputError(f"'{name}' would make a class {class_name(name)}, a word that is taken. Choose another name.")
    return {place: _renamed(text, name, kind) for place, text in texts.items()}


def class_name(name: str) -> str:
    """`my_idea` is the class `MyIdea`."""
    return "".join(word.capitalize() for word in name.split("_"))


def write_all(texts: dict[Path, str]) -> None:
    """Write new files, all of them or none.

    Raises:
        InputError: one of them is there already.
        OSError: the machine refused; what had been written is taken away again.
    """
    written: list[Path] = []
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
    except BaseException as error:
        for made in written:
            made.unlink()
        if isinstance(error, FileExistsError) and path.is_file():
            raise _taken(path) from None
        raise


def _template(file: str) -> str:
    import strategies

    return (Path(strategies.__file__).parent / "_templates" / file).read_text(encoding="utf-8")


def _imported(text: str) -> set[str]:
    imports = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom))
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _renamed(text: str, name: str, kind: str) -> str:
    text = text.replace(f"strategies._templates.{kind}", f"strategies.{name}").replace(f"{kind}_template", name)
    return re.sub(rf"\b(class |import |STRATEGY = ){kind.capitalize()}\b", rf"\1{class_name(name)}", text)


def _refuse_bad(name: str) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > LONGEST_NAME or name.startswith("test"):
        raise InputError(
            f"'{name}' cannot name a strategy. Give lower-case letters, digits and single underscores, a letter first, "
            f"at most {LONGEST_NAME} characters, no Python keyword and nothing that begins with test."
        )


def _refuse_taken(name: str, home: Path, texts: dict[Path, str]) -> None:
    import strategies

    if name in strategies.available():
        raise InputError(f"There is a strategy '{name}' already: {strategies.source_file(name)}. Choose another name.")
    for place in texts:
        if (home / place).exists() or (home / place).is_symlink():
            raise _taken(home / place)


def _taken(path: Path) -> InputError:
    return InputError(f"{path} is there already, and nothing is overwritten. Choose another name, or move it away.")


def _say(name: str, kind: str, places: list[str]) -> None:
    typer.echo(f"{name} is a working {kind} strategy. Now make it yours:")
    for place in places:
        typer.echo(f"  {place}")
    typer.echo(f"Run its test: pytest {places[1]}")
    typer.echo(f"A first backtest: twokey test-strategy BTC 1h {name}")
