"""What a time-stamping authority answers: TimeStampResp (RFC 3161, 2.4.2)."""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from cryptography.hazmat import asn1

from rahdari.wire.errors import MalformedInput
from rahdari.wire.timestamps import structures
from rahdari.wire.timestamps.refusals import TimestampNotGranted
from rahdari.wire.timestamps.tokens import TOKEN_BYTES_MAX, Token, take_apart

# The token, and a status with a few sentences.
RESPONSE_BYTES_MAX: Final = TOKEN_BYTES_MAX + 4096
# Free text from outside, for a log: a sentence, never a page.
WORDS_CHARS_MAX: Final = 512
_FAILURE_BITS_MAX: Final = 64


class Status(IntEnum):
    """PKIStatus (RFC 3161, 2.4.2)."""

    GRANTED = 0
    GRANTED_WITH_MODIFICATIONS = 1
    REJECTION = 2
    WAITING = 3
    REVOCATION_WARNING = 4
    REVOCATION_NOTIFICATION = 5


class Failure(Enum):
    """PKIFailureInfo: why there is no token, by the number of its bit (RFC 3161, 2.4.2)."""

    BAD_ALGORITHM = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    ADDITIONAL_WORDS_NOT_AVAILABLE = 17
    SYSTEM_FAILURE = 25


@dataclass(frozen=True, slots=True)
class Response:
    """An authority's answer: a token if the status says granted, otherwise the reason why there is none.

    ``words`` are the authority's own, at most ``WORDS_CHARS_MAX`` characters of them, and unsigned.
    """

    status: Status
    token: Token | None = None
    failures: frozenset[Failure] = frozenset()
    words: str = ""

    def require_token(self) -> Token:
        """Return the token.

        Raises:
            TimestampNotGranted: the authority gave none; its status and reasons are told.
        """
        if self.token is None:
            named = ", ".join(sorted(one.name.lower() for one in self.failures)) or "no reason named"
            raise TimestampNotGranted(
                f"the time-stamping authority answered {self.status.name.lower()} ({named}): correct the request, "
                "or ask again later or another authority"
            )
        return self.token

    def encode(self) -> bytes:
        """Write the DER of a TimeStampResp."""
        return asn1.encode_der(
            structures.TimeStampResp(
                status=structures.StatusReport(
                    status=int(self.status),
                    words=[self.words] if self.words else None,
                    failure=_write_failures(self.failures) if self.failures else None,
                ),
                token=None if self.token is None else asn1.decode_der(structures.Envelope, self.token.raw),
            )
        )


def read_response(raw: bytes) -> Response:
    """Read a TimeStampResp. Trusts nothing: neither the status nor the words are signed.

    Raises:
        TooLarge: more than ``RESPONSE_BYTES_MAX`` bytes.
        MalformedInput: not a TimeStampResp in DER, or token and status contradict each other.
        UnsupportedAlgorithm: the token's digests or signature are not of the house.
    """
    response = structures.read(
        structures.TimeStampResp, raw, name="a time stamp response", size_bytes_max=RESPONSE_BYTES_MAX
    )
    status = next((one for one in Status if one == response.status.status), None)
    if status is None:
        raise MalformedInput("a PKIStatus that is not 0 to 5 (RFC 3161, 2.4.2)")
    # RFC 3161, 2.4.2: with 0 or 1 a token MUST be there, with any other it MUST NOT.
    if (status <= Status.GRANTED_WITH_MODIFICATIONS) is not (response.token is not None):
        raise MalformedInput(
            f"status {status.name.lower()} and token contradict each other (RFC 3161, 2.4.2)"
        )
    return Response(
        status=status,
        token=None if response.token is None else take_apart(asn1.encode_der(response.token), response.token),
        failures=_read_failures(response.status.failure),
        words=" ".join(response.status.words or ())[:WORDS_CHARS_MAX],
    )


def _read_failures(bits: asn1.BitString | None) -> frozenset[Failure]:
    """Read the named bits; RFC 3161, 2.4.2: others SHOULD NOT be used and are passed over."""
    if bits is None:
        return frozenset()
    raw = bits.as_bytes()
    if len(raw) * 8 > _FAILURE_BITS_MAX:
        raise MalformedInput(
            f"failure information of {len(raw)} bytes; at most {_FAILURE_BITS_MAX // 8} are read"
        )
    return frozenset(
        one for one in Failure if one.value < len(raw) * 8 and raw[one.value // 8] >> (7 - one.value % 8) & 1
    )


def _write_failures(failures: frozenset[Failure]) -> asn1.BitString:
    """Write the named bits; X.690, 11.2.2: without trailing zeros."""
    last = max(one.value for one in failures)
    number = sum(1 << (last - one.value) for one in failures)
    padding = -(last + 1) % 8
    return asn1.BitString((number << padding).to_bytes((last + 8) // 8, "big"), padding)
