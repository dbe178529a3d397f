#!/bin/sh
# freqtrade against the local exchange: start.sh FREQTRADE PORT
# FREQTRADE is the program in an environment of its own: python -m venv env && env/bin/pip install freqtrade
set -e
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/user"
cat > "$folder/config.json" <<CONFIG
{
  "dry_run": false, "max_open_trades": 1, "initial_state": "running", "stake_currency": "USDT", "stake_amount": 600,
  "trading_mode": "futures", "margin_mode": "isolated", "db_url": "sqlite:///$folder/trades.sqlite",
  "entry_pricing": {"price_side": "other", "use_order_book": true, "order_book_top": 1},
  "exit_pricing": {"price_side": "other", "use_order_book": true, "order_book_top": 1},
  "unfilledtimeout": {"entry": 1, "exit": 1}, "internals": {"process_throttle_secs": 1},
  "exchange": {
    "name": "binance", "key": "$TWOKEY_API_KEY", "secret": "$TWOKEY_API_SECRET",
    "pair_whitelist": ["BTC/USDT:USDT"], "enable_ws": false, "outdated_offset": 10000000, "skip_open_order_update": false,
    "ccxt_config": {
      "urls": {"api": {
        "fapiPublic": "$TWOKEY_EXCHANGE/fapi/v1", "fapiPublicV2": "$TWOKEY_EXCHANGE/fapi/v2",
        "fapiPublicV3": "$TWOKEY_EXCHANGE/fapi/v3", "fapiPrivate": "$TWOKEY_EXCHANGE/fapi/v1",
        "fapiPrivateV2": "$TWOKEY_EXCHANGE/fapi/v2", "fapiPrivateV3": "$TWOKEY_EXCHANGE/fapi/v3",
        "fapiData": "$TWOKEY_EXCHANGE/futures/data", "public": "$TWOKEY_EXCHANGE/api/v3",
        "private": "$TWOKEY_EXCHANGE/api/v3", "sapi": "$TWOKEY_EXCHANGE/sapi/v1"}},
      "options": {"fetchMargins": false, "fetchCurrencies": false, "fetchMarkets": {"types": ["linear"]}}
    }
  },
  "pairlists": [{"method": "StaticPairList"}]
}
CONFIG
"$1" trade --config "$folder/config.json" --userdir "$folder/user" --strategy Eager --strategy-path "$here" &
child=$!
trap 'kill -INT $child; wait $child; rm -rf "$folder"' TERM INT
wait $child
