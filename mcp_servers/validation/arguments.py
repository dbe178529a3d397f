"""Types, bounds and descriptions of the arguments of the validation server's tools."""

from typing import Annotated

from pydantic import Field

from skills_lib.domain.costs import PRESETS

StrategyName = Annotated[
    str, Field(min_length=1, max_length=64, description="a name from backtest_list_strategies, such as sma_crossover")
]
Ranges = Annotated[
    dict[str, str],
    Field(
        max_length=32,
        description='values by parameter: "5:60:5" (ends included), "5,10,20" or "50"; others keep their defaults. '
        "Without any, all parameters vary over the strategy's own ranges",
    ),
]
Constraints = Annotated[list[str], Field(max_length=16, description='such as "fast < slow", added to the strategy\'s')]
Maximize = Annotated[
    str, Field(max_length=40, description="what to optimise, in its better direction: sharpe, calmar, …")
]
Method = Annotated[str, Field(json_schema_extra={"enum": ["grid", "random", "tpe"]})]
Trials = Annotated[int | None, Field(ge=1, le=1_000_000, description="combinations to try; random and tpe only")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
MinTrades = Annotated[int, Field(ge=0, le=1_000_000, description="combinations with fewer trades are never chosen")]
Engine = Annotated[str, Field(json_schema_extra={"enum": ["kernel", "reference"]})]
CostsName = Annotated[str, Field(json_schema_extra={"enum": list(PRESETS)}, description="fees of a venue")]
Cash = Annotated[float, Field(gt=0, le=1e12, description="starting equity in quote currency")]
Leverage = Annotated[float, Field(ge=1, le=125)]
Duration = Annotated[str, Field(pattern=r"^\d+(\.\d+)?[mhdw]$", description="such as 180d, 26w or 12h")]
JobId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$", description="job_id returned by a start call")]

Pick = Annotated[
    str, Field(json_schema_extra={"enum": ["plateau", "peak"]}, description="point of the train span that is tested")
]
