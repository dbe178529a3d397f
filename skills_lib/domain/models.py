"""The base of frozen models, and parsing of input into models with one-line errors."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from skills_lib.domain.errors import InputError, did_you_mean

M = TypeVar("M", bound=BaseModel)


class FrozenModel(BaseModel):
    """An immutable pydantic model."""

    model_config = ConfigDict(defer_build=True, frozen=True)


def parse_model(model: type[M], **values: Any) -> M:
    """Build `model` from `values`.

    Raises:
        InputError: names the first invalid value and what is allowed.
    """
    try:
        return model(**values)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        hint = did_you_mean(name, model.model_fields) if problem["type"] == "extra_forbidden" else ""
        raise InputError(f"{name}={problem['input']} is not allowed: {problem['msg'].lower()}.{hint}") from None
