"""The time-stamping authority's server: one address (RFC 3161, 3.4)."""

from typing import Final

from rahdari.web.exchange.description.operations import BYTES, TEXT, Answer, Operation, write_document

_WORDS: Final = {
    "408": "The request did not come in time.",
    "413": "A request is smaller.",
    "415": "A request is application/timestamp-query.",
    "503": "No time stamps can be given now.",
}
TIMESTAMPER: Final = (
    Operation(
        "POST",
        "/",
        "stamp",
        "Ask for a time stamp; what is no request is answered by a response that says so",
        (
            Answer("200", "A response of RFC 3161, 2.4.2.", {"application/timestamp-reply": BYTES}),
            *(Answer(status, what, {"text/plain": TEXT}) for status, what in _WORDS.items()),
        ),
        body={"application/timestamp-query": BYTES},
    ),
)


def describe_timestamper(server: str = "/") -> dict[str, object]:
    """Describe a time-stamping authority's server."""
    about = "Time stamps by RFC 3161, for tests and small instances."
    return write_document("A time-stamping authority", about, TIMESTAMPER, schemas={}, server=server)
