"""The file of a strategy, and the parameters that it declares plainly enough to be read without importing it.

Importing a strategy imports backtesting.py and, with it, Bokeh, which takes longer than all else that a stored answer
needs. What is read here is what an import would give; wherever that is not certain nothing is read, and the strategy
is imported.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skills_lib.domain.constraints import Constraint
from skills_lib.domain.errors import InputError
from skills_lib.domain.parameters import Choice, Integer, Parameter, ParameterSpace, Real, Untyped

_DECLARED = {"Integer": Integer, "Real": Real, "Choice": Choice}
_PARAMETERS = "skills_lib.domain.parameters"
_BASES: set[tuple[str, str] | None] = {("skills_lib.backtest.strategy", "SignalStrategy"), ("backtesting", "Strategy")}


class _NotPlainError(Exception):
    """The file says something that only an import can tell."""


@dataclass(frozen=True, slots=True)
class StrategySource:
    """A strategy's name, its file, whose hash identifies it, and the package that the file is imported in."""

    name: str
    file: Path
    package: str

    def declared_space(self) -> ParameterSpace | None:
        """The parameters as an import would give them; None where only an import can tell.

        Plain is a file of imports from outside its package, literal values, functions and one class on a known base,
        whose attributes are literal values and declarations with literal arguments.

        Raises:
            InputError: as `space_of`.
        """
        try:
            body = ast.parse(self.file.read_bytes()).body
            found = _only_class(body)
            attributes = _attributes(found, _names(body, self.package))
        except (_NotPlainError, SyntaxError, ValueError, TypeError, OSError, InputError):
            return None  # where something is wrong, the import says what
        return space_of(found.name, parameters_among(attributes), attributes.get("constraints", ()))


def parameters_among(attributes: Mapping[str, object]) -> dict[str, Parameter]:
    """The parameters among the attributes of a class: declared ones with their types, else its plain public values."""
    return {name: p for name, attribute in attributes.items() if (p := _as_parameter(name, attribute))}


def space_of(strategy: str, parameters: Mapping[str, Parameter], constraints: object) -> ParameterSpace:
    """The parameters of the class called `strategy`, with its constraints.

    Raises:
        InputError: a constraint that cannot be parsed or uses an unknown parameter.
    """
    texts = _constraint_texts(strategy, constraints)
    return ParameterSpace(parameters, tuple(Constraint.parse(text, parameters) for text in texts))


def _constraint_texts(strategy: str, found: object) -> tuple[str, ...]:
    texts = (found,) if isinstance(found, str) else found
    if not (isinstance(texts, tuple | list) and all(isinstance(text, str) for text in texts)):
        raise InputError(f'{strategy}.constraints is {found!r}. Write, for example, ("fast < slow",).')
    return tuple(texts)


def _as_parameter(name: str, attribute: object) -> Parameter | None:
    if isinstance(attribute, Integer | Real | Choice):
        return attribute
    if not name.startswith("_") and isinstance(attribute, bool | int | float | str):
        return Untyped(attribute)
    return None


def _only_class(body: list[ast.stmt]) -> ast.ClassDef:
    classes = [statement for statement in body if isinstance(statement, ast.ClassDef)]
    if len(classes) != 1 or classes[0].keywords or classes[0].decorator_list or classes[0].name.startswith("_"):
        raise _NotPlainError
    return classes[0]


def _names(body: list[ast.stmt], package: str) -> dict[str, tuple[str, str]]:
    """Where each imported name comes from: module and name there. Every statement of the file must be plain."""
    origins: dict[str, tuple[str, str]] = {}
    bound: list[str] = []
    for statement in body:
        bound += _bound_by(statement)
        if isinstance(statement, ast.ImportFrom):
            origins |= {alias.asname or alias.name: (statement.module or "", alias.name) for alias in statement.names}
    if len(bound) != len(set(bound)) or any(_is_of(node, package) for top in body for node in ast.walk(top)):
        raise _NotPlainError
    return origins


def _bound_by(statement: ast.stmt) -> list[str]:
    """The names that a plain statement binds."""
    match statement:
        case ast.Import(names=names) | ast.ImportFrom(names=names) if all(alias.name != "*" for alias in names):
            return [alias.asname or alias.name for alias in names]
        case ast.ClassDef(name=name):
            return [name]
        case ast.FunctionDef(name=name) if _is_plain_function(statement):
            return [name]
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            ast.literal_eval(value)
            return [name]
        case ast.Expr(value=ast.Constant()):
            return []
    raise _NotPlainError


def _is_plain_function(function: ast.FunctionDef) -> bool:
    defaults = [*function.args.defaults, *(value for value in function.args.kw_defaults if value)]
    return not function.decorator_list and all(isinstance(value, ast.Constant) for value in defaults)


def _is_of(node: ast.AST, package: str) -> bool:
    """Whether a node imports from the file's own package: that import is part of the strategy and may change it."""
    match node:
        case ast.ImportFrom(module=module, level=level):
            return level > 0 or f"{module}.".startswith(f"{package}.")
        case ast.Import(names=names):
            return any(f"{alias.name}.".startswith(f"{package}.") for alias in names)
    return False


def _attributes(found: ast.ClassDef, origins: Mapping[str, tuple[str, str]]) -> dict[str, object]:
    """The attributes of a class on a known base, in order, without its functions."""
    bases = [origins.get(base.id) for base in found.bases if isinstance(base, ast.Name)]
    if len(found.bases) != 1 or not _BASES.intersection(bases):
        raise _NotPlainError
    attributes: dict[str, object] = {}
    for statement in found.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                attributes[name] = _value(value, origins)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                attributes[name] = _value(value, origins)
            case ast.FunctionDef(name=name) if _is_plain_function(statement) and name not in attributes:
                continue
            case ast.Expr(value=ast.Constant()):
                continue
            case _:
                raise _NotPlainError
    return attributes


def _value(value: ast.expr, origins: Mapping[str, tuple[str, str]]) -> object:
    match value:
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            module, kind = origins.get(name, ("", ""))
            if module != _PARAMETERS or kind not in _DECLARED or any(word.arg is None for word in keywords):
                raise _NotPlainError
            named = {str(word.arg): ast.literal_eval(word.value) for word in keywords}
            return _DECLARED[kind](*map(ast.literal_eval, arguments), **named)
    return ast.literal_eval(value)
