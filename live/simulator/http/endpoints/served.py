"""Every endpoint of the REST API, by method and path."""

from live.simulator.http.endpoints import (
    account_data,
    account_history,
    account_rules,
    algo_trading,
    market_data,
    market_history,
    open_interest,
    order_lists,
    trading,
)
from live.simulator.http.endpoints.endpoint import Endpoint

_MARKET = (market_data, market_history, open_interest)
_ACCOUNT = (trading, order_lists, algo_trading, account_data, account_history, account_rules)

ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    (entry.method, entry.path): entry for module in (*_MARKET, *_ACCOUNT) for entry in module.ENDPOINTS
}
