"""Types, bounds and descriptions of the arguments that several servers share, and the hints of their tools.

Descriptions are short because every client pays for them; what a value must look like is checked by the library.
"""

from typing import Annotated, Literal

from mcp_types import ToolAnnotations
from pydantic import Field

from skills_lib.domain.costs import PRESETS

Symbol = Annotated[str, Field(max_length=41, description="such as BTC or ETH/BTC")]
Timeframe = Annotated[str, Field(max_length=8, description="1m to 1w, such as 1h")]
Instant = Annotated[str, Field(max_length=32, description="2023-01-01 or 2023-01-01T08:00")]
SourceName = Literal["auto", "cache", "exchange", "archive", "sample", "yahoo", "store"]
ExchangeName = Annotated[str, Field(max_length=32, description="ccxt id")]
StrategyName = Annotated[str, Field(min_length=1, max_length=64)]
CostsName = Annotated[str, Field(json_schema_extra={"enum": list(PRESETS)})]
Cash = Annotated[float, Field(gt=0, le=1e12)]
Leverage = Annotated[float, Field(ge=1, le=125)]
JobId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
WaitSeconds = Annotated[float, Field(ge=0, le=50, description="for the end")]

READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
READS_VENUES = READS.model_copy(update={"open_world_hint": True})
STORES = READS_VENUES.model_copy(update={"read_only_hint": False})
"""Stores a result, and may ask a venue for candles."""
CANCELS = READS.model_copy(update={"read_only_hint": False})
STOPS = CANCELS.model_copy(update={"destructive_hint": True})
"""Closes positions, which cannot be undone."""
WRITES_FILES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
)
