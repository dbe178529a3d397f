"""Typed models from what people typed, with one line where it does not fit."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from skills_lib.domain.errors import InputError, did_you_mean

M = TypeVar("M", bound=BaseModel)


def checked(model: type[M], **values: Any) -> M:
    """Build `model` from `values`.

    Raises:
        InputError: the first value that does not fit, and what would.
    """
    try:
        return model(**values)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        hint = did_you_mean(name, model.model_fields) if problem["type"] == "extra_forbidden" else ""
        raise InputError(f"{name}={problem['input']} is not allowed: {problem['msg'].lower()}.{hint}") from None
