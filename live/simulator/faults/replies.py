"""Names of the responses that faults send in place of the exchange's."""

from enum import StrEnum


class Reply(StrEnum):
    """A documented error response. The 503s are the three documented ones."""

    UNKNOWN_503 = "unknown_503"
    UNAVAILABLE_503 = "unavailable_503"
    THROTTLED_503 = "throttled_503"
    TOO_MANY_429 = "too_many_429"
    BANNED_418 = "banned_418"
    TIMESTAMP = "-1021"
    ENGINE_TIMESTAMP = "-5028"
    UNEXPECTED = "-1006"
    TIMEOUT = "-1007"


class Garbage(StrEnum):
    """Forms of a response that is not what the documentation promises."""

    HTML_502 = "html_502"
    CUT_JSON = "cut_json"
    EMPTY_200 = "empty_200"
    UNKNOWN_ENUM = "unknown_enum"
    NAN = "nan"


class Refusal(StrEnum):
    """What refuses connections."""

    ALL = "all"
    REST = "rest"
    SOCKETS = "sockets"
