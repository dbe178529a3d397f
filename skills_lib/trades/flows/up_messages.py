"""Messages of Up's API, version 1: page "Up API" of developer.up.com.au, October 2026. What is not used is not read."""

import msgspec


class UpAmount(msgspec.Struct, rename="camel", frozen=True):
    """An amount. value: decimal text; value_in_base_units: of the currency's smallest unit."""

    currency_code: str
    value: str
    value_in_base_units: int


class UpLinks(msgspec.Struct, frozen=True):
    """Where the next page is; None on the last."""

    next: str | None = None


class UpAccountFacts(msgspec.Struct, rename="camel", frozen=True):
    """An account. balance: what can be spent, less what is held."""

    display_name: str
    account_type: str
    balance: UpAmount


class UpAccount(msgspec.Struct, frozen=True):
    """An account with its id."""

    id: str
    attributes: UpAccountFacts


class UpTransactionFacts(msgspec.Struct, rename="camel", frozen=True):
    """A transaction. status: HELD or SETTLED; times: RFC 3339; amount: positive where received."""

    status: str
    raw_text: str | None
    description: str
    message: str | None
    amount: UpAmount
    settled_at: str | None
    created_at: str


class UpIdentity(msgspec.Struct, frozen=True):
    """The id of another resource."""

    id: str


class UpRelated(msgspec.Struct, frozen=True):
    """Another resource, None for none."""

    data: UpIdentity | None


class UpRelations(msgspec.Struct, rename="camel", frozen=True):
    """The account of a transaction, and the other account of the same person where money moved between them."""

    account: UpRelated
    transfer_account: UpRelated


class UpTransaction(msgspec.Struct, frozen=True):
    """A transaction with its id and accounts."""

    id: str
    attributes: UpTransactionFacts
    relationships: UpRelations


class UpAccountsPage(msgspec.Struct, frozen=True):
    """A page of accounts."""

    data: list[UpAccount]
    links: UpLinks


class UpTransactionsPage(msgspec.Struct, frozen=True):
    """A page of transactions, the newest first."""

    data: list[UpTransaction]
    links: UpLinks
