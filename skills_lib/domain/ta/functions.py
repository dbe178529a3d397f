"""Calls TA-Lib's functions with checked arguments."""

from collections.abc import Callable
from inspect import Signature
from typing import Any

import numpy as np
import numpy.typing as npt
import talib

from skills_lib.domain.bars import FloatArray
from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.memory import remembered
from skills_lib.domain.ta.specification import Specification, specifications

_LARGEST = 1_000_000_000  # above what TA-Lib allows, and below what it reads as "the default"

Values = npt.NDArray[Any]
Result = Values | tuple[Values, ...]


class UnknownIndicatorError(InputError, AttributeError):
    """TA-Lib has no function of this name."""


def indicator(name: str) -> Callable[..., Result]:
    """The function `name`, which checks its arguments and calls TA-Lib.

    Raises:
        UnknownIndicatorError: there is none.
    """
    known = specifications()
    if name not in known:
        hint = did_you_mean(name, known)
        raise UnknownIndicatorError(f"ta has no indicator '{name}'.{hint} docs/indicators.md lists all {len(known)}.")
    return _checked(known[name])


def _checked(one: Specification) -> Callable[..., Result]:
    signature, compute = one.signature, remembered(_computation(one))

    def call(*args: object, **kwargs: object) -> Result:
        values = _bound(one, signature, args, kwargs)
        arrays = len(one.inputs)
        options = [_option(one, *pair) for pair in zip(one.defaults.items(), values[arrays:], strict=True)]
        return compute(*values[:arrays], *options)

    call.__name__ = call.__qualname__ = one.name
    call.__doc__ = f"{one.title}: {one.call}.\n\nReturns {', '.join(one.outputs)}."
    call.__dict__["__signature__"] = signature
    return call


def _computation(one: Specification) -> Callable[..., Result]:
    function, count = getattr(talib, one.name.upper()), len(one.inputs)

    def compute(*values: Any) -> Result:
        options = values[count:]
        series = [_series(one, name, value) for name, value in zip(one.inputs, values[:count], strict=True)]
        _require_one_length(one, series)
        try:
            if not len(series[0]) or any(np.isnan(array[-1]) for array in series):
                return _undefined(function(*[np.ones(1)] * count, *options), len(series[0]))
            found: Result = function(*series, *options)
        except Exception as error:  # TA-Lib raises nothing more precise
            raise _refused(one, options, error) from error
        return found

    compute.__name__ = f"ta.{one.name}"
    return compute


def _bound(one: Specification, signature: Signature, args: tuple[object, ...], kwargs: dict[str, object]) -> list[Any]:
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        unknown = [name for name in kwargs if name not in signature.parameters]
        hint = did_you_mean(unknown[0], one.defaults) if unknown else ""
        raise InputError(f"ta.{one.name}: {error}.{hint} Call it as {one.call}.") from error
    bound.apply_defaults()
    return list(bound.arguments.values())


def _option(one: Specification, parameter: tuple[str, int | float], value: Any) -> int | float:
    """The value as the number that TA-Lib wants."""
    name, default = parameter
    whole = isinstance(default, int)
    allowed = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    if isinstance(value, bool | np.bool_) or not isinstance(value, allowed) or not -_LARGEST < value < _LARGEST:
        kind = "a whole number" if whole else "a number"
        raise InputError(f"ta.{one.name}: {name} must be {kind}; found {value!r}. The default is {default}.")
    return int(value) if whole else float(value)


def _series(one: Specification, name: str, given: object) -> FloatArray:
    """The values as float64[n], of which only the first may be nan."""
    array = np.asarray(given)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        found = f"{array.dtype} of shape {array.shape}"
        raise InputError(f"ta.{one.name}: {name} must be one array of numbers, such as bars.close; found {found}.")
    series = np.ascontiguousarray(array, dtype=np.float64)
    finite = np.isfinite(series)
    if not finite.all():
        _require_finite(one, name, series, finite)
    return series


def _require_finite(one: Specification, name: str, series: FloatArray, finite: npt.NDArray[np.bool_]) -> None:
    """Check that nothing after the first number is nan or infinite: TA-Lib would carry it into all later values."""
    is_number = ~np.isnan(series)
    first = int(is_number.argmax()) if is_number.any() else len(series)
    if not finite[first:].all():
        bar = first + int((~finite[first:]).argmax())
        raise InputError(
            f"ta.{one.name}: {name} is {series[bar]} at bar {bar}, after numbers; only a beginning may be nan. "
            f"Replace it first, for example with np.where(np.isfinite({name}), {name}, 0.0)."
        )


def _require_one_length(one: Specification, series: list[FloatArray]) -> None:
    lengths = {name: len(array) for name, array in zip(one.inputs, series, strict=True)}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise InputError(f"ta.{one.name}: the arrays differ in length: {found}. Give one value per bar in each.")


def _undefined(sample: Result, bars: int) -> Result:
    """`bars` undefined values of the kinds of `sample`: nan, and 0 for whole numbers."""
    if isinstance(sample, tuple):
        return tuple(_undefined(array, bars) for array in sample)  # type: ignore[misc]
    return np.full(bars, np.nan if sample.dtype.kind == "f" else 0, dtype=sample.dtype)


def _refused(one: Specification, options: tuple[Any, ...], error: Exception) -> InputError:
    if "TA_BAD_PARAM" not in str(error):
        return InputError(f"ta.{one.name}: TA-Lib failed: {error}. Call it as {one.call}.")
    given = dict(zip(one.defaults, options, strict=True))
    wrong = [name for name, value in given.items() if not _is_allowed(one, {name: value})]
    found = ", ".join(f"{name}={given[name]}" for name in wrong or given)
    lowest = [f"{name} from {low}" for name in wrong if (low := _lowest(one, name)) is not None]
    allowed = f" Allowed: {', '.join(lowest)}." if lowest else ""
    return InputError(f"ta.{one.name}: TA-Lib does not allow {found}.{allowed} Usual: {one.call}.")


def _lowest(one: Specification, name: str) -> int | None:
    """The smallest whole number that a parameter allows."""
    if name.endswith("matype") or not isinstance(one.defaults[name], int):
        return None
    return next((low for low in range(4) if _is_allowed(one, {name: low})), None)


def _is_allowed(one: Specification, given: dict[str, int | float]) -> bool:
    """Whether TA-Lib accepts these parameters, the others at their defaults."""
    try:
        getattr(talib, one.name.upper())(*[np.ones(1)] * len(one.inputs), *(one.defaults | given).values())
    except Exception:  # noqa: BLE001 TA-Lib raises nothing more precise
        return False
    return True
