"""Members, gateways and keys as JSON, as configurations and requests to join carry them, and what limits them.

Public keys stand as JWK (RFC 7517), keys of logs as ``NoteKey.text``, bytes as base64url. A message key is named by
its RFC 7638 thumbprint, so that no key can bear another's name, in this instance or in a federated one.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from rahdari.wire import base64url, jws
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.json_members import (
    Json,
    bytes_of,
    entries_of,
    names_of,
    object_of,
    require_count,
    require_line,
    require_names,
    require_origin,
    require_unique,
    require_word,
    seconds_of,
    text_of,
)
from rahdari.wire.ndel.parties import Gateway, LogKeys, Member, MessageKey
from rahdari.wire.sealed import Kem, RecipientKey
from rahdari.wire.tlog import NoteKey, read_key
from rahdari.wire.xroad import MemberId, SubsystemId, read_client, read_security_server

# A ministry has a few dozen registers; each is a subsystem.
SUBSYSTEMS_MAX: Final = 256
# Two sites with two machines each, and as many again while they are replaced.
GATEWAYS_MAX: Final = 8
# Key and successor, and those withdrawn or run out within the last days.
MESSAGE_KEYS_MAX: Final = 8
# One in use, one to come; a third while a lost one is replaced.
CERTIFICATES_MAX: Final = 4
# A self-signed P-256 certificate has some 400 bytes, one with an RSA key and many names 4 KiB.
CERTIFICATE_BYTES_MAX: Final = 8 * 1024
# Ed25519 and ML-DSA-44, each with its successor.
NOTE_KEYS_MAX: Final = 4
# X25519 and X-Wing, each with its successor.
RECIPIENTS_MAX: Final = 4
# A thumbprint has 43; consent issuers name their keys as their tokens do.
KEYID_CHARS_MAX: Final = 64
# The public half of X-Wing is the longest (1,216 bytes).
_RECIPIENT_BYTES_MAX: Final = 2048

_GATEWAY = frozenset({"id", "url", "certificates", "keys", "log", "recipients"})
_MEMBER = frozenset({"id", "name", "subsystems", "gateways"})
_KEY = frozenset({"keyid", "jwk", "not_before", "not_after"})
_SUSPENDED, _WITHDRAWN = frozenset({"suspended_at"}), frozenset({"withdrawn_at"})
_LOG = frozenset({"origin", "keys", "witness_keys"})
_RECIPIENT = frozenset({"kem", "key"})


def keyid_of(public: PublicKey) -> str:
    """Name a message key: its thumbprint (RFC 7638), 43 characters."""
    return base64url.encode(public.thumbprint())


def member_as_json(member: Member) -> dict[str, object]:
    """Write a member."""
    return {
        "id": str(member.id),
        "name": dict(member.name),
        "subsystems": list(member.subsystems),
        "gateways": [gateway_as_json(one) for one in member.gateways],
        **({} if member.suspended_at is None else {"suspended_at": member.suspended_at}),
    }


def gateway_as_json(gateway: Gateway) -> dict[str, object]:
    """Write a gateway."""
    return {
        "id": str(gateway.id),
        "url": gateway.url,
        "certificates": [base64url.encode(one) for one in gateway.certificates],
        "keys": [key_as_json(one) for one in gateway.keys],
        "log": {
            "origin": gateway.log.origin,
            "keys": [one.text for one in gateway.log.keys],
            "witness_keys": [one.text for one in gateway.log.witness_keys],
        },
        "recipients": [
            {"kem": one.kem.name.lower(), "key": base64url.encode(one.raw)} for one in gateway.recipients
        ],
    }


def key_as_json(key: MessageKey) -> dict[str, object]:
    """Write a message key with its window."""
    return {
        "keyid": key.keyid,
        "jwk": key.public.as_jwk(),
        "not_before": key.not_before,
        "not_after": key.not_after,
        **({} if key.withdrawn_at is None else {"withdrawn_at": key.withdrawn_at}),
    }


def read_member(value: object) -> Member:
    """Read a member. Raises ``MalformedInput``, ``UnsupportedAlgorithm``."""
    found = object_of(value, _MEMBER, _SUSPENDED)
    return Member(
        id=read_member_id(found["id"]),
        name=names_of(found["name"]),
        subsystems=entries_of(found, "subsystems", text_of, most=SUBSYSTEMS_MAX),
        gateways=entries_of(found, "gateways", read_gateway, most=GATEWAYS_MAX),
        suspended_at=seconds_of(found, "suspended_at") if "suspended_at" in found else None,
    )


def read_gateway(value: object) -> Gateway:
    """Read a gateway. Raises ``MalformedInput``, ``UnsupportedAlgorithm``."""
    found = object_of(value, _GATEWAY)
    return Gateway(
        id=read_security_server(text_of(found["id"])),
        url=text_of(found["url"]),
        certificates=entries_of(found, "certificates", read_certificate, most=CERTIFICATES_MAX),
        keys=entries_of(found, "keys", read_message_key, most=MESSAGE_KEYS_MAX),
        log=_read_log(found["log"]),
        recipients=entries_of(found, "recipients", _read_recipient, most=RECIPIENTS_MAX),
    )


def read_message_key(value: object) -> MessageKey:
    """Read a message key with its window. Raises ``MalformedInput``, ``UnsupportedAlgorithm``."""
    found = object_of(value, _KEY, _WITHDRAWN)
    return MessageKey(
        keyid=text_of(found["keyid"]),
        public=jws.read_public_jwk(found["jwk"]),
        not_before=seconds_of(found, "not_before"),
        not_after=seconds_of(found, "not_after"),
        withdrawn_at=seconds_of(found, "withdrawn_at") if "withdrawn_at" in found else None,
    )


def read_certificate(value: object) -> bytes:
    """Read a certificate's DER; what stands in it is not looked at here."""
    return bytes_of(value, bytes_max=CERTIFICATE_BYTES_MAX)


def read_note_keys(parent: Json, name: str) -> tuple[NoteKey, ...]:
    """Read keys of a log or witness."""
    return entries_of(parent, name, _read_note_key, most=NOTE_KEYS_MAX)


def read_member_id(value: object) -> MemberId:
    """Read a member's identifier of three parts."""
    found = read_client(text_of(value))
    if not isinstance(found, MemberId):
        raise MalformedInput("a member has three parts; this is a subsystem")
    return found


def require_member(member: Member, *, instance: str) -> None:
    """Check a member against every limit. Raises ``MalformedInput``."""
    if member.id.instance != instance:
        raise MalformedInput(f"{member.id} is no member of {instance}")
    require_names(member.name)
    _require_subsystems(member.id, member.subsystems)
    require_count(len(member.gateways), "gateways", most=GATEWAYS_MAX)
    for gateway in member.gateways:
        require_gateway(gateway, member.id)


def require_gateway(gateway: Gateway, member: MemberId) -> None:
    """Check a gateway of ``member`` against every limit. Raises ``MalformedInput``."""
    if gateway.id.parts[:3] != member.parts:
        raise MalformedInput(f"{gateway.id} is no gateway of {member}")
    require_origin(gateway.url)
    require_count(len(gateway.certificates), "certificates", most=CERTIFICATES_MAX)
    for certificate in gateway.certificates:
        require_count(len(certificate), "bytes of a certificate", most=CERTIFICATE_BYTES_MAX, least=1)
    require_count(len(gateway.keys), "message keys", most=MESSAGE_KEYS_MAX)
    for key in gateway.keys:
        require_window(key)
        if key.keyid != keyid_of(key.public):
            raise MalformedInput("a message key's keyid is its thumbprint (RFC 7638)")
    require_count(len(gateway.log.keys), "keys of a log", most=NOTE_KEYS_MAX, least=1)
    if any(key.name != gateway.log.origin for key in gateway.log.keys):
        raise MalformedInput("a log signs its checkpoints under its origin (c2sp.org/tlog-checkpoint)")
    require_count(len(gateway.log.witness_keys), "witness keys", most=NOTE_KEYS_MAX)
    require_count(len(gateway.recipients), "recipient keys", most=RECIPIENTS_MAX)


def require_window(key: MessageKey) -> None:
    """Check a key's name and window. Raises ``MalformedInput``."""
    require_word(key.keyid, KEYID_CHARS_MAX)
    if key.not_after <= key.not_before:
        raise MalformedInput("a key's window ends before it begins")


def require_texts(texts: Mapping[str, str], basis: str) -> None:
    """Check a title by language and the law it rests on. Raises ``MalformedInput``."""
    require_names(texts)
    require_line(basis, 500)


def _require_subsystems(member: MemberId, codes: tuple[str, ...]) -> None:
    require_count(len(codes), "subsystems", most=SUBSYSTEMS_MAX)
    require_unique(codes, "a subsystem")
    for code in codes:
        # The identifier checks its parts.
        SubsystemId(*(*member.parts, code))


def _read_log(value: object) -> LogKeys:
    found = object_of(value, _LOG)
    return LogKeys(
        origin=text_of(found["origin"]),
        keys=read_note_keys(found, "keys"),
        witness_keys=read_note_keys(found, "witness_keys"),
    )


def _read_note_key(value: object) -> NoteKey:
    return _note_key(text_of(value))


def _read_recipient(value: object) -> RecipientKey:
    found = object_of(value, _RECIPIENT)
    kems = {kem.name.lower(): kem for kem in Kem}
    kem = kems.get(text_of(found["kem"]))
    if kem is None:
        raise MalformedInput(f"a recipient key is of one of {sorted(kems)}")
    return _recipient(kem, bytes_of(found["key"], bytes_max=_RECIPIENT_BYTES_MAX))


# Keys stay the same from one configuration to the next; loading ML-DSA-44 and X-Wing costs 65 us each.
_note_key = lru_cache(maxsize=8192)(read_key)
_recipient = lru_cache(maxsize=8192)(RecipientKey)
