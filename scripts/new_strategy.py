"""`twokey new-strategy`: writes a working strategy, its test and its page as a starting point."""

import ast
import keyword
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from scripts.console import print_answer
from scripts.invocation import as_typed
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.strategy_names import require_strategy_name

KINDS = ("trend", "reversion", "breakout", "momentum")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("new-strategy")(new_strategy)


def new_strategy(
    name: Annotated[str, typer.Argument(help="Lower-case, with underscores, such as my_idea.")],
    kind: Annotated[str, typer.Option(help="trend, reversion, breakout or momentum.")],
    json: AsJson = False,
) -> None:
    """Write a working strategy with its parameter space, test and page. Existing files are never overwritten.

    Example: twokey new-strategy my_idea --kind breakout
    """
    from skills_lib.settings import Settings

    home = Settings().home
    texts = render(name, kind)
    _refuse_taken(name, home, texts)
    write_all({home / place: text for place, text in texts.items()})
    places = [home / place for place in texts]
    after = command("test-strategy", "BTC", "1h", name)
    if json:
        from skills_lib.answers.workspace import NewStrategyAnswer

        answer = NewStrategyAnswer(strategy=name, kind=kind, files=places)
        print_answer(ended(answer, after), "new-strategy")
    else:
        _print(name, kind, places)
        print_ending(after)


def render(name: str, kind: str) -> dict[Path, str]:
    """The three new files: text by path below the workspace.

    Raises:
        InputError: an unknown kind, or a name that cannot be used for a module, a class and a command.
    """
    if kind not in KINDS:
        raise InputError(f"Unknown kind '{kind}'.{did_you_mean(kind, KINDS)} Allowed: {', '.join(KINDS)}.")
    require_strategy_name(name)
    _refuse_taken_class(name, kind)
    named = class_name(name)
    module = _template(f"{kind}.py").replace(f"class {kind.capitalize()}(", f"class {named}(")
    return {
        Path("strategies") / f"{name}.py": module,
        Path("tests/strategies") / f"test_{name}.py": _test(kind, name, named),
        Path("docs/strategies") / f"{name}.md": _template(f"{kind}.md").replace(f"{kind}_template", name),
    }


def class_name(name: str) -> str:
    """`my_idea` is the class `MyIdea`."""
    return "".join(part.capitalize() for part in name.split("_"))


def write_all(texts: dict[Path, str]) -> None:
    """Write new files, all of them or none.

    Raises:
        InputError: one of them exists.
        OSError: writing failed; files written so far are removed.
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


def _test(kind: str, name: str, class_name: str) -> str:
    values = {"name": name, "class_name": class_name, "tests": _template(f"{kind}_tests.txt")}
    return Template(_template("test.txt")).substitute(values)


def _imported(text: str) -> set[str]:
    imports = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom))
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _refuse_taken_class(name: str, kind: str) -> None:
    used = _imported(_template(f"{kind}.py")) | _imported(_test(kind, "x", "_"))
    if class_name(name) in used | set(keyword.kwlist):
        raise InputError(f"'{name}' would define class {class_name(name)}, a name that is in use. Choose another name.")


def _refuse_taken(name: str, home: Path, texts: dict[Path, str]) -> None:
    import strategies

    if name in strategies.available():
        raise InputError(f"Strategy '{name}' already exists: {strategies.source_file(name)}. Choose another name.")
    for place in texts:
        if (home / place).exists() or (home / place).is_symlink():
            raise _taken(home / place)


def _taken(path: Path) -> InputError:
    return InputError(f"{path} already exists and is not overwritten. Choose another name, or move the file.")


def _print(name: str, kind: str, places: list[Path]) -> None:
    from scripts.tables.screen import Screen

    screen = Screen()
    screen.text(f"{name} is a working {kind} strategy. Edit it:")
    for place in places:
        screen.path(" ", place)
    screen.text("Check it:")
    screen.path(" ", as_typed(command("check-strategy", name)))
