"""Types of income rows: page "Get Income History" of USD-M futures, and what a journal says of funding."""

from typing import Final

REALISED: Final = "REALIZED_PNL"
COMMISSION: Final = "COMMISSION"
FUNDING: Final = "FUNDING_FEE"
JOURNAL_FUNDING: Final = "JOURNAL_FUNDING_FEE"
"""Funding as the user stream said it; it counts only where the venue's own rows are not in the store."""
MOVED: Final = frozenset(
    {
        "TRANSFER",
        "INTERNAL_TRANSFER",
        "CROSS_COLLATERAL_TRANSFER",
        "STRATEGY_UMFUTURES_TRANSFER",
        "COIN_SWAP_DEPOSIT",
        "COIN_SWAP_WITHDRAW",
        "OPTIONS_SETTLE_PROFIT",
        "AUTO_EXCHANGE",
        "WELCOME_BONUS",
    }
)
"""Types of money that came from, or went to, another place: no profit and no loss."""
OTHERS: Final = frozenset(
    {
        "INSURANCE_CLEAR",
        "REFERRAL_KICKBACK",
        "COMMISSION_REBATE",
        "API_REBATE",
        "CONTEST_REWARD",
        "OPTIONS_PREMIUM_FEE",
        "DELIVERED_SETTELMENT",
        "FEE_RETURN",
        "FUTURES_PRESENT",
        "POSITION_LIMIT_INCREASE_FEE",
        "BFUSD_REWARD",
    }
)
"""Other types that the page lists; the spelling is Binance's."""
KNOWN: Final = frozenset({REALISED, COMMISSION, FUNDING, JOURNAL_FUNDING}) | MOVED | OTHERS
