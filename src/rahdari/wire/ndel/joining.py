"""Requests of gateways to their registry: to join (``ndel-join+jwt``), and to renew keys (``ndel-renewal+jwt``).

The payload carries the request as the very bytes that were signed (base64url) and, beside it, a proof of
possession by each further key over their digest. A request to join is signed by its own new message key: it proves
only that it holds together; officers decide. A renewal is signed by the message key in force, which the
configuration knows.

Keys that bodies are sealed to cannot sign; whoever names a false one makes nobody's data but its own unreadable.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rahdari.wire import base64url, jws, strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import Algorithm, PublicKey, Signer
from rahdari.wire.ndel.certificates import GatewayCertificate, read_certificate_of
from rahdari.wire.ndel.json_members import (
    Json,
    bytes_of,
    object_of,
    require_count,
    require_names,
    seconds_of,
    text_of,
)
from rahdari.wire.ndel.parties import Gateway, Member, MessageKey
from rahdari.wire.ndel.parties_as_json import (
    key_as_json,
    keyid_of,
    member_as_json,
    read_certificate,
    read_member,
    read_message_key,
    require_gateway,
    require_member,
    require_window,
)
from rahdari.wire.tlog import NoteKey, NoteSigner
from rahdari.wire.xroad import SecurityServerId, read_security_server

JOIN_TYP: Final = "ndel-join+jwt"
RENEWAL_TYP: Final = "ndel-renewal+jwt"
# All keys of one gateway have 8 KiB, its proofs 4 KiB, and both stand in base64url twice.
TEXT_CHARS_MAX: Final = 96 * 1024
# The longest proof is ML-DSA-44's.
_PROOF_BYTES_MAX: Final = 4096
_PROOFS_MAX: Final = 16
# Half a year; a message key is renewed at two thirds of its life.
KEY_LIFE_SECONDS_MAX: Final = 201 * 86_400
_PURPOSE_OF_PROOF: Final = b"ndel-proof-of-possession/1\n"
_TLS: Final = "tls"
_MESSAGE: Final = "message"

_ENVELOPE = frozenset({"request", "proofs"})
_JOIN = frozenset({"created", "member"})
_RENEWAL = frozenset({"created", "gateway", "key", "certificate"})


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """What a new gateway asks to be entered as: its member, with this one gateway. ``created`` in seconds."""

    created: int
    member: Member

    @property
    def gateway(self) -> Gateway:
        """The gateway that asks."""
        return self.member.gateways[0]


@dataclass(frozen=True, slots=True)
class ReadJoinRequest:
    """A request that holds together: every key in it signed it. Who sent it nothing in it proves.

    ``id`` names it: the beginning of the SHA-256 of its text, 16 hexadecimal digits.
    """

    id: str
    request: JoinRequest
    certificate: GatewayCertificate


@dataclass(frozen=True, slots=True)
class RenewalRequest:
    """A gateway's next message key and next certificate (DER)."""

    created: int
    gateway: SecurityServerId
    key: MessageKey
    certificate: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadRenewalRequest:
    """A renewal as it was read. Nothing is trusted until ``verify_with`` returned."""

    id: str
    unverified: RenewalRequest
    token: jws.Jws = field(repr=False)
    raw: bytes = field(repr=False)
    proofs: Mapping[str, bytes] = field(repr=False)

    @property
    def keyid(self) -> str:
        """The message key that claims to have signed it."""
        return self.token.kid or ""

    def verify_with(self, in_force: PublicKey, *, url: str) -> tuple[RenewalRequest, GatewayCertificate]:
        """Give the request if ``in_force``, a message key of its gateway, and both new keys signed it.

        Raises:
            BadSignature: one of the three did not sign it.
            MalformedInput: the new certificate is not one for ``url``.
        """
        self.token.verify(in_force)
        certificate = read_certificate_of(self.unverified.certificate, url=url)
        certificate.public.verify(self.proofs[_TLS], _proven(self.raw, _TLS))
        self.unverified.key.public.verify(self.proofs[_MESSAGE], _proven(self.raw, _MESSAGE))
        return self.unverified, certificate


def sign_join(request: JoinRequest, message: Signer, *, tls: Signer, notes: Sequence[NoteSigner]) -> str:
    """Sign a request to join by each of its keys. Raises ``MalformedInput`` for one that nobody would take."""
    _require_join(request)
    raw = strict_json.encode({"created": request.created, "member": member_as_json(request.member)})
    proofs = {_TLS: tls.sign(_proven(raw, _TLS))}
    proofs |= {_name_of(note.key): note.sign(_proven(raw, _name_of(note.key))) for note in notes}
    return _sign(message, JOIN_TYP, raw, proofs)


def read_join(text: str) -> ReadJoinRequest:
    """Read a request to join and check every proof in it.

    Raises:
        MalformedInput: not a request, or one that does not agree with itself.
        BadSignature: a key in it did not sign it.
        UnsupportedAlgorithm: a key that the house does not take.
    """
    token, raw, proofs = _open(text, JOIN_TYP)
    found = object_of(strict_json.decode_object(raw, size_bytes_max=TEXT_CHARS_MAX), _JOIN)
    request = JoinRequest(seconds_of(found, "created"), read_member(found["member"]))
    certificate = _require_join(request)
    gateway = request.gateway
    if token.kid != gateway.keys[0].keyid:
        raise MalformedInput("a request to join is signed by the message key that stands in it")
    token.verify(gateway.keys[0].public)
    notes = (*gateway.log.keys, *gateway.log.witness_keys)
    if proofs.keys() != {_TLS, *map(_name_of, notes)}:
        raise MalformedInput("a request to join has one proof for each of its keys, and no other")
    certificate.public.verify(proofs[_TLS], _proven(raw, _TLS))
    for note in notes:
        note.verify(proofs[_name_of(note)], _proven(raw, _name_of(note)))
    return ReadJoinRequest(_id_of(text), request, certificate)


def sign_renewal(request: RenewalRequest, in_force: Signer, *, message: Signer, tls: Signer) -> str:
    """Sign a renewal by the message key in force, and by both new keys."""
    require_window(request.key)
    raw = strict_json.encode(
        {
            "created": request.created,
            "gateway": str(request.gateway),
            "key": key_as_json(request.key),
            "certificate": base64url.encode(request.certificate),
        }
    )
    proofs = {one: signer.sign(_proven(raw, one)) for one, signer in ((_TLS, tls), (_MESSAGE, message))}
    return _sign(in_force, RENEWAL_TYP, raw, proofs)


def read_renewal(text: str) -> ReadRenewalRequest:
    """Read a renewal. Trusts nothing: ``ReadRenewalRequest.verify_with`` gives what counts.

    Raises:
        MalformedInput: not a renewal, or one that does not agree with itself.
        UnsupportedAlgorithm: a key that the house does not take.
    """
    token, raw, proofs = _open(text, RENEWAL_TYP)
    found = object_of(strict_json.decode_object(raw, size_bytes_max=TEXT_CHARS_MAX), _RENEWAL)
    request = RenewalRequest(
        created=seconds_of(found, "created"),
        gateway=read_security_server(text_of(found["gateway"])),
        key=read_message_key(found["key"]),
        certificate=read_certificate(found["certificate"]),
    )
    _require_message_key(request.key, request.created)
    if proofs.keys() != {_TLS, _MESSAGE}:
        raise MalformedInput("a renewal has a proof by each of its two new keys, and no other")
    return ReadRenewalRequest(_id_of(text), request, token, raw, proofs)


def _require_join(request: JoinRequest) -> GatewayCertificate:
    member = request.member
    require_names(member.name)
    require_member(member, instance=member.id.instance)
    require_count(len(member.gateways), "gateways", most=1, least=1)
    gateway = request.gateway
    require_gateway(gateway, member.id)
    require_count(len(gateway.certificates), "certificates", most=1, least=1)
    require_count(len(gateway.keys), "message keys", most=1, least=1)
    if member.suspended_at is not None:
        raise MalformedInput("a request to join says nothing of suspension")
    notes = [_name_of(one) for one in (*gateway.log.keys, *gateway.log.witness_keys)]
    if len(set(notes)) != len(notes):
        raise MalformedInput("a key of the log stands twice in the request")
    _require_message_key(gateway.keys[0], request.created)
    return read_certificate_of(gateway.certificates[0], url=gateway.url)


def _require_message_key(key: MessageKey, created: int) -> None:
    require_window(key)
    if key.keyid != keyid_of(key.public) or key.public.algorithm is not Algorithm.EDDSA:
        raise MalformedInput("a message key is one of Ed25519, and its keyid is its thumbprint (RFC 7638)")
    if key.withdrawn_at is not None or not key.not_before <= created < key.not_after:
        raise MalformedInput("a new message key is in force when it is asked for")
    if key.not_after - key.not_before > KEY_LIFE_SECONDS_MAX:
        raise MalformedInput(f"a message key lives at most {KEY_LIFE_SECONDS_MAX // 86_400} days")


def _sign(signer: Signer, typ: str, raw: bytes, proofs: Mapping[str, bytes]) -> str:
    payload: dict[str, object] = {
        "request": base64url.encode(raw),
        "proofs": {name: base64url.encode(proof) for name, proof in proofs.items()},
    }
    return jws.sign(signer, {"typ": typ, "kid": keyid_of(signer.public)}, strict_json.encode(payload))


def _open(text: str, typ: str) -> tuple[jws.Jws, bytes, dict[str, bytes]]:
    token = jws.decode(text, size_chars_max=TEXT_CHARS_MAX)
    token.require_typ(typ)
    found = object_of(token.payload_object(size_bytes_max=TEXT_CHARS_MAX), _ENVELOPE)
    return token, bytes_of(found["request"], bytes_max=TEXT_CHARS_MAX), _read_proofs(found)


def _read_proofs(found: Json) -> dict[str, bytes]:
    listed = found["proofs"]
    if not isinstance(listed, dict):
        raise MalformedInput("proofs are an object of signatures")
    require_count(len(listed), "proofs", most=_PROOFS_MAX)
    return {name: bytes_of(proof, bytes_max=_PROOF_BYTES_MAX) for name, proof in listed.items()}


def _proven(raw: bytes, name: str) -> bytes:
    # No checkpoint and no message begins like this, so that no proof is one of them.
    return _PURPOSE_OF_PROOF + name.encode() + b"\n" + hashlib.sha256(raw).digest()


def _name_of(key: NoteKey) -> str:
    return f"{key.kind.name.lower()}:{key.key_id.hex()}"


def _id_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
