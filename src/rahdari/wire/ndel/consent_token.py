"""A consent as it travels: a compact JWS, in a header of every request that needs it.

``typ`` is ``ndel-consent+jwt``. The claims, all of them required but ``sub_all``, and no others:

========= ====================================================================================================
``ver``   1
``jti``   the consent's id (RFC 7519, 4.1.7)
``iss``   the member that issued it
``sub``   two base64url texts: the salt (16 bytes), and SHA-256 over salt and identifier (32 bytes)
``cli``   the client that may ask
``sub_all`` true, where the client is a member and its subsystems may ask too
``svc``   the services
``prp``   codes of purposes, sorted
``cls``   data classes, sorted
``iat``, ``nbf``, ``exp`` seconds since 1970 (RFC 7519, 4.1)
``status`` ``{"status_list": {"idx", "uri"}}`` (Token Status List, 6.2)
========= ====================================================================================================

Reading one takes some 60 microseconds of CPU, and verifying its signature 110: gateways remember by the text's
SHA-256 (``rahdari.exchange``).

Example:
    >>> from rahdari.wire.keys import Algorithm, SoftwareSigner
    >>> from rahdari.wire.ndel.consents import StatusPlace, Subject, subject_digest
    >>> from rahdari.wire.xroad import read_client, read_service
    >>> issuer, salt = SoftwareSigner.generate(Algorithm.EDDSA), bytes(16)
    >>> consent = Consent(
    ...     "c-1",
    ...     issuer=MemberId("PK", "GOV", "1001"),
    ...     subject=Subject(salt, subject_digest(salt, "3520112345671")),
    ...     consumer=read_client("PK/COM/2002/app"),
    ...     services=(read_service("PK/GOV/1001/registry/person-status"),),
    ...     purposes=frozenset({"kyc"}),
    ...     data_classes=frozenset({"standing"}),
    ...     issued_at=1_800_000_000,
    ...     not_before=1_800_000_000,
    ...     expires=1_807_776_000,
    ...     status=StatusPlace("https://id.example/consents/1", 7),
    ... )
    >>> decode(sign(issuer, consent)).verify_with([issuer.public]) == consent
    True
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from rahdari.wire import base64url, jws, strict_json
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge
from rahdari.wire.keys import PublicKey, Signer
from rahdari.wire.ndel.consents import SALT_BYTES, Consent, StatusPlace, Subject
from rahdari.wire.status_list import StatusReference
from rahdari.wire.xroad import MemberId, SubsystemId, read_client, read_service

TYP: Final = "ndel-consent+jwt"
VERSION: Final = 1
# It travels in a header field: X-Road advises 2,000 characters a field, servers take 4 to 8 KiB for all of them.
TEXT_CHARS_MAX: Final = 2048
# More than what a person can have read before she agreed.
SERVICES_MAX: Final = 16
PURPOSES_MAX: Final = 16
DATA_CLASSES_MAX: Final = 32
# Ids and codes are names, never documents.
NAME_CHARS_MAX: Final = 64
# RFC 8259, 6: 2^53 - 1; and the year 9999 lies below it.
SECONDS_MAX: Final = 253_402_300_799
_DIGEST_BYTES: Final = 32
_CLAIMS: Final = frozenset(
    {"ver", "jti", "iss", "sub", "cli", "svc", "prp", "cls", "iat", "nbf", "exp", "status"}
)


@dataclass(frozen=True, slots=True)
class SignedConsent:
    """A consent with its signature, as it was read. Nothing is trusted until ``verify_with`` returned.

    ``digest`` is SHA-256 of the text, which evidence records name it by.
    """

    unverified: Consent
    token: jws.Jws
    digest: bytes

    def verify_with(self, keys: Iterable[PublicKey]) -> Consent:
        """Give the consent if one of its issuer's ``keys`` signed it; whose keys they are is for the caller.

        Raises:
            BadSignature: none of them did.
        """
        for key in keys:
            with suppress(BadSignature):
                self.token.verify(key)
                return self.unverified
        raise BadSignature("no key of the consent's issuer signed it: it was altered, forged, or is too old")


def sign(signer: Signer, consent: Consent) -> str:
    """Sign a consent with a key of its issuer and write it as a compact JWS.

    Raises:
        MalformedInput: the consent is not one that ``decode`` reads; or (``TooLarge``) it is too long.
    """
    payload: dict[str, object] = {
        "ver": VERSION,
        "jti": consent.id,
        "iss": str(consent.issuer),
        "sub": [base64url.encode(consent.subject.salt), base64url.encode(consent.subject.digest)],
        "cli": str(consent.consumer),
        **({"sub_all": True} if consent.covers_subsystems else {}),
        "svc": [str(one) for one in consent.services],
        "prp": sorted(consent.purposes),
        "cls": sorted(consent.data_classes),
        "iat": consent.issued_at,
        "nbf": consent.not_before,
        "exp": consent.expires,
        "status": {"status_list": {"idx": consent.status.index, "uri": consent.status.uri}},
    }
    if _read(payload) != consent:
        raise MalformedInput("this consent cannot be written: a service stands in it twice")
    text = jws.sign(signer, {"typ": TYP}, strict_json.encode(payload))
    _require_size(text)
    return text


def decode(text: str) -> SignedConsent:
    """Read a consent. Trusts nothing: ``SignedConsent.verify_with`` gives what counts.

    Raises:
        MalformedInput: not a JWS of this typ, a claim missing, unknown, or not what the module says; or
            (``TooLarge``) more than ``TEXT_CHARS_MAX`` characters.
        UnsupportedAlgorithm: signed with neither ES256 nor EdDSA.
    """
    _require_size(text)
    token = jws.decode(text, size_chars_max=TEXT_CHARS_MAX)
    # RFC 8725, 3.11: no token of another sort is a consent.
    token.require_typ(TYP)
    payload = token.payload_object(size_bytes_max=TEXT_CHARS_MAX)
    return SignedConsent(_read(payload), token, sha256(text.encode("ascii")).digest())


def _read(payload: Mapping[str, object]) -> Consent:
    if payload.keys() - {"sub_all"} != _CLAIMS:
        raise MalformedInput("a consent with claims missing or unknown; both could change what it means")
    # Version first: what a reader of another version would misread, it must refuse.
    if _whole(payload["ver"]) != VERSION:
        raise MalformedInput(f"a consent of another version than {VERSION}; update this program")
    consumer = read_client(_text(payload["cli"], chars_max=TEXT_CHARS_MAX))
    consent = Consent(
        id=_text(payload["jti"]),
        issuer=_member(payload["iss"]),
        subject=_subject(payload["sub"]),
        consumer=consumer,
        services=tuple(map(read_service, _names(payload["svc"], SERVICES_MAX, chars_max=TEXT_CHARS_MAX))),
        purposes=frozenset(_names(payload["prp"], PURPOSES_MAX)),
        data_classes=frozenset(_names(payload["cls"], DATA_CLASSES_MAX, count_min=0)),
        issued_at=_whole(payload["iat"]),
        not_before=_whole(payload["nbf"]),
        expires=_whole(payload["exp"]),
        status=_status(payload["status"]),
        covers_subsystems=_covers_subsystems(payload, is_member=not isinstance(consumer, SubsystemId)),
    )
    if consent.expires <= max(consent.not_before, consent.issued_at):
        raise MalformedInput("a consent that ends before it begins")
    return consent


def _subject(value: object) -> Subject:
    if not isinstance(value, list) or len(value) != 2:
        raise MalformedInput("sub is a salt and a digest")
    salt, digest = (base64url.decode(_text(one)) for one in value)
    if len(salt) != SALT_BYTES or len(digest) != _DIGEST_BYTES:
        raise MalformedInput(f"sub has a salt of {SALT_BYTES} bytes and a digest of {_DIGEST_BYTES}")
    return Subject(salt, digest)


def _status(value: object) -> StatusPlace:
    # Members beside these could name another mechanism that says otherwise: a strict reader has none.
    if not isinstance(value, Mapping) or value.keys() != {"status_list"}:
        raise MalformedInput("status holds status_list, and nothing else")
    place = StatusReference.from_json(value)
    return StatusPlace(place.uri, place.index)


def _covers_subsystems(payload: Mapping[str, object], *, is_member: bool) -> bool:
    if "sub_all" not in payload:
        return False
    if payload["sub_all"] is not True or not is_member:
        raise MalformedInput("sub_all is true, and stands only where cli is a member")
    return True


def _member(value: object) -> MemberId:
    member = read_client(_text(value, chars_max=TEXT_CHARS_MAX))
    if not isinstance(member, MemberId):
        raise MalformedInput("iss is a member, not a subsystem")
    return member


def _names(
    value: object, count_max: int, *, count_min: int = 1, chars_max: int = NAME_CHARS_MAX
) -> list[str]:
    if not isinstance(value, list) or not count_min <= len(value) <= count_max:
        raise MalformedInput(f"svc, prp and cls are lists of {count_min} to {count_max} texts")
    names = [_text(one, chars_max=chars_max) for one in value]
    if len(set(names)) != len(names):
        raise MalformedInput("svc, prp and cls name nothing twice")
    return names


def _text(value: object, *, chars_max: int = NAME_CHARS_MAX) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= chars_max or not value.isprintable():
        raise MalformedInput(f"a claim of a consent is not a visible text of 1 to {chars_max} characters")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= SECONDS_MAX:
        raise MalformedInput("ver, iat, nbf and exp are whole numbers, up to the year 9999")
    return value


def _require_size(text: str) -> None:
    if len(text) > TEXT_CHARS_MAX:
        raise TooLarge(f"a consent of {len(text)} characters; at most {TEXT_CHARS_MAX}: name fewer services")
