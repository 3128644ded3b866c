"""Two gateways that tell of one exchange tell the same, or neither is believed."""

from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.records import ExchangeRecord


def require_agreement(first: ExchangeRecord, other: ExchangeRecord) -> None:
    """Return if two records are of one request and, where both know an answer, of one answer.

    Raises:
        MalformedInput: they are not.
    """
    if (first.request, first.request_base, first.request_hash) != (
        other.request,
        other.request_base,
        other.request_hash,
    ):
        raise MalformedInput("the two records are of different requests")
    if first.response is None or other.response is None:
        return
    if (first.response, first.response_base, first.status) != (
        other.response,
        other.response_base,
        other.status,
    ):
        raise MalformedInput("the two records tell of different answers")
