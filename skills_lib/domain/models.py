"""The base of every frozen model, and models from typed input, with a one-line error where a value does not fit."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from skills_lib.domain.errors import InputError, did_you_mean

M = TypeVar("M", bound=BaseModel)


class FrozenModel(BaseModel):
    """A pydantic model whose fields cannot be assigned."""

    model_config = ConfigDict(frozen=True)


def parse_model(model: type[M], **values: Any) -> M:
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
