"""Constraints between parameters, such as "fast < slow": parsed, never evaluated as code."""

import ast
import operator
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from skills_lib.domain.errors import InputError, did_you_mean

Value = bool | int | float | str

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ALLOWED = "parameter names, numbers, quoted text, + - * /, < <= > >= == !=, and, or, not"
_MAX_CHARACTERS = 200  # characters: the parser and the checks below are recursive


@dataclass(frozen=True, slots=True)
class Constraint:
    """A condition that a combination of parameters must meet."""

    text: str

    def __post_init__(self) -> None:
        _tree(self.text)

    @classmethod
    def parse(cls, text: str, parameters: Iterable[str]) -> Self:
        """Parse `text`, which may use only `parameters`.

        Raises:
            InputError: not a condition, an unknown parameter, or anything but arithmetic and comparisons.
        """
        constraint, known = cls(text), list(parameters)
        for name in constraint.names():
            if name not in known:
                hint = did_you_mean(name, known)
                raise InputError(
                    f"Unknown parameter '{name}' in constraint '{text}'.{hint} Allowed: {', '.join(known)}."
                )
        return constraint

    def names(self) -> list[str]:
        """Parameters in the constraint, in order of appearance."""
        names = [node for node in ast.walk(_tree(self.text)) if isinstance(node, ast.Name)]
        return list(dict.fromkeys(node.id for node in sorted(names, key=lambda node: node.col_offset)))

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether `values` meet the constraint; False after a division by zero or an overflow.

        Raises:
            InputError: the constraint mixes text and numbers.
        """
        try:
            return bool(_value(_tree(self.text), values))
        except ArithmeticError:
            return False
        except TypeError:
            found = ", ".join(f"{name}={values[name]}" for name in self.names())
            raise InputError(
                f"Constraint '{self.text}' mixes text and numbers ({found}). Compare values of the same type."
            ) from None


@lru_cache(maxsize=256)
def _tree(text: str) -> ast.expr:
    """The parsed and checked condition; cached, because a sweep evaluates it thousands of times."""
    if len(text) > _MAX_CHARACTERS:
        raise InputError(f"Constraint '{text[:40]}…' has {len(text)} characters. Use at most {_MAX_CHARACTERS}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as "1 is 1", which is refused below
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise InputError(f"Constraint '{text}' cannot be parsed. Write, for example, \"fast < slow\".") from None
    _check(tree, text)
    if not isinstance(tree, ast.Compare | ast.BoolOp) and not _is_negation(tree):
        raise InputError(f"Constraint '{text}' is not a condition. Write, for example, \"fast < slow\".")
    return tree


def _is_negation(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _check(node: ast.expr, text: str) -> None:
    match node:
        case ast.Compare(left=left, ops=ops, comparators=rest) if all(type(op) in _COMPARE for op in ops):
            parts = [left, *rest]
        case ast.BoolOp(values=values):
            parts = values
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            parts = [left, right]
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            parts = [operand]
        case ast.Name() | ast.Constant(value=bool() | int() | float() | str()):
            parts = []
        case _:
            raise InputError(f"Constraint '{text}' contains '{ast.unparse(node)}'. Allowed: {_ALLOWED}.")
    for part in parts:
        _check(part, text)


def _value(node: ast.expr, values: Mapping[str, Value]) -> Any:  # noqa: C901, PLR0911 one case per kind of node
    match node:
        case ast.Compare(left=left, ops=ops, comparators=rest):
            sides = [_value(side, values) for side in (left, *rest)]
            return all(_COMPARE[type(op)](a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False))
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(part, values) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_value(part, values) for part in parts)
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_number(left, values), _number(right, values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, values)
        case ast.UnaryOp(operand=operand):
            return -_number(operand, values)
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=value):
            return value
    raise AssertionError(ast.dump(node))  # rejected by _check


def _number(node: ast.expr, values: Mapping[str, Value]) -> Any:
    value = _value(node, values)
    if isinstance(value, str):  # text times a number would allocate without limit
        raise TypeError(value)
    return value
