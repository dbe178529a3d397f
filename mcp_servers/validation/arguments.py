"""Types, bounds and descriptions of the arguments of the validation server's tools."""

from typing import Annotated

from pydantic import Field

Ranges = Annotated[
    dict[str, Annotated[str, Field(max_length=2_000)]],
    Field(max_length=32, description='by parameter: "5:60:5", "5,10,20" or "50"; default: the strategy\'s'),
]
Constraint = Annotated[str, Field(max_length=200)]
Constraints = Annotated[list[Constraint], Field(max_length=16, description='such as "fast < slow"')]
Maximize = Annotated[str, Field(max_length=40, description="a metric")]
Method = Annotated[str, Field(json_schema_extra={"enum": ["grid", "random", "tpe"]})]
Trials = Annotated[int, Field(ge=1, le=1_000_000, description="random and tpe")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
MinTrades = Annotated[int, Field(ge=0, le=1_000_000)]
Engine = Annotated[str, Field(json_schema_extra={"enum": ["kernel", "reference"]})]
Duration = Annotated[str, Field(max_length=12, description="such as 26w or 180d")]
Pick = Annotated[str, Field(json_schema_extra={"enum": ["plateau", "peak"]})]
