"""Endpoints of the documentation or of clients that are refused with -5000 on purpose, each with the reason."""

_NO_SERIES = "the exchange keeps no series of mark, index or premium prices"
_NO_STATISTICS = "a tape holds no statistics of Binance's users"
_NO_FILES = "the exchange writes no files to download; `income`, `allOrders` and `userTrades` have the same rows"
_NO_CONVERT = "accounts hold one asset, so there is nothing to convert"
_ONE_ASSET = "accounts hold one asset, so no asset index applies"
_NO_AGREEMENT = "no contract on stocks or commodities is listed"
_NO_BROKER = "accounts belong to no broker"
_OLD = "Binance has replaced it by versions 2 and 3, which are served"
_NEVER = "a client's generated name of a path that Binance does not document; the documented one is `batchOrders`"

NOT_SERVED: dict[tuple[str, str], str] = {
    ("GET", "/fapi/v1/markPriceKlines"): _NO_SERIES,
    ("GET", "/fapi/v1/indexPriceKlines"): _NO_SERIES,
    ("GET", "/fapi/v1/premiumIndexKlines"): _NO_SERIES,
    ("GET", "/fapi/v1/lvtKlines"): "leveraged tokens no longer exist",
    ("GET", "/fapi/v1/constituents"): "the index of the tape has no known constituents",
    ("GET", "/fapi/v1/assetIndex"): _ONE_ASSET,
    (
        "GET",
        "/fapi/v1/symbolAdlRisk",
    ): "Binance rates a symbol by its own fund and users, which no tape holds",
    ("GET", "/fapi/v1/tradingSchedule"): _NO_AGREEMENT,
    ("POST", "/fapi/v1/stock/contract"): _NO_AGREEMENT,
    ("GET", "/fapi/v1/stock/contract"): _NO_AGREEMENT,
    ("GET", "/fapi/v1/convert/exchangeInfo"): _NO_CONVERT,
    ("GET", "/fapi/v1/convert/orderStatus"): _NO_CONVERT,
    ("POST", "/fapi/v1/convert/getQuote"): _NO_CONVERT,
    ("POST", "/fapi/v1/convert/acceptQuote"): _NO_CONVERT,
    ("GET", "/fapi/v1/pmAccountInfo"): "accounts are not in portfolio margin",
    ("GET", "/fapi/v1/pmExchangeInfo"): "accounts are not in portfolio margin",
    ("GET", "/fapi/v1/income/asyn"): _NO_FILES,
    ("GET", "/fapi/v1/income/asyn/id"): _NO_FILES,
    ("GET", "/fapi/v1/order/asyn"): _NO_FILES,
    ("GET", "/fapi/v1/order/asyn/id"): _NO_FILES,
    ("GET", "/fapi/v1/trade/asyn"): _NO_FILES,
    ("GET", "/fapi/v1/trade/asyn/id"): _NO_FILES,
    ("GET", "/futures/data/basis"): _NO_SERIES,
    ("GET", "/futures/data/delivery-price"): "only perpetual contracts are listed",
    ("GET", "/futures/data/topLongShortAccountRatio"): _NO_STATISTICS,
    ("GET", "/futures/data/topLongShortPositionRatio"): _NO_STATISTICS,
    ("GET", "/futures/data/globalLongShortAccountRatio"): _NO_STATISTICS,
    ("GET", "/futures/data/takerlongshortRatio"): _NO_STATISTICS,
    ("GET", "/fapi/v1/account"): _OLD,
    ("GET", "/fapi/v1/balance"): _OLD,
    ("GET", "/fapi/v1/positionRisk"): _OLD,
    ("POST", "/fapi/v1/batchOrder"): _NEVER,
    ("PUT", "/fapi/v1/batchOrder"): _NEVER,
    ("DELETE", "/fapi/v1/batchOrder"): _NEVER,
    **{
        (method, f"/fapi/v1/apiReferral/{name}"): _NO_BROKER
        for method, names in (
            ("GET", "ifNewUser customization userCustomization traderNum overview tradeVol rebateVol traderSummary"),
            ("POST", "customization userCustomization"),
        )
        for name in names.split()
    },
}
