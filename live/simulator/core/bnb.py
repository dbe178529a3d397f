"""Fees paid in BNB. Source: Binance FAQ "Use BNB to pay for fees": 10 % off on USD-M while the balance lasts."""

from dataclasses import dataclass

from live.money import SCALE

BNB = "BNB"
_DISCOUNT_PERCENT = 10


@dataclass(slots=True)
class BnbWallet:
    """BNB of an account, units of 1e-8. price: of one BNB in USDT while fees are paid in it; 0 while they are not."""

    balance: int = 0
    price: int = 0

    def charge(self, paid: int) -> int:
        """Pay a fee of `paid` USDT; return the BNB charged, 0 if it has to be paid in USDT."""
        if not self.price or paid <= 0:
            return 0
        due = -(-paid * (100 - _DISCOUNT_PERCENT) * SCALE // (100 * self.price))
        if due > self.balance:
            return 0
        self.balance -= due
        return due
