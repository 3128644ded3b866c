"""The signed configuration of an instance: a compact JWS over JSON (typ ``ndel-configuration+jwt``).

It is the only public-key infrastructure of an instance: certificates are pinned in it, message keys named in it.
Reading proves nothing; ``verify_with`` proves who signed. Whether it is fresh and not rolled back is for the room.

Example:
    >>> from rahdari.wire.keys import Algorithm, SoftwareSigner
    >>> registry = SoftwareSigner.generate(Algorithm.EDDSA)
    >>> empty = Configuration("PK", 1, 1_800_000_000, 1_800_086_400, 30, members=(), purposes=())
    >>> decode(sign(registry, empty)).verify_with([registry.public]) == empty
    True
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from rahdari.wire import base64url, jws, strict_json
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.keys import Algorithm, PublicKey, Signer
from rahdari.wire.ndel.configuration_parts import (
    consent_issuer_as_json,
    pin_as_json,
    purpose_as_json,
    read_consent_issuer,
    read_pin,
    read_purpose,
    read_timestamper,
    read_witness,
    require_parts,
    timestamper_as_json,
    witness_as_json,
)
from rahdari.wire.ndel.json_members import (
    NUMBER_MAX,
    SECONDS_MAX,
    entries_of,
    number_of,
    object_of,
    require_count,
    require_unique,
    seconds_of,
    word_of,
)
from rahdari.wire.ndel.parties import Configuration
from rahdari.wire.ndel.parties_as_json import member_as_json, read_member, require_member

TYP: Final = "ndel-configuration+jwt"
# What a reader of another format would misread, it must refuse: every unknown member is refused too.
FORMAT: Final = 1
# 500 members of 4 gateways, each with two certificates and two message keys in its renewal and all its
# post-quantum keys, are 16 MiB of JSON, and 22 MiB of JWS.
TEXT_CHARS_MAX: Final = 48 * 1024 * 1024
# X-Tee of Estonia has some 900 members after twenty years.
MEMBERS_MAX: Final = 4096
PURPOSES_MAX: Final = 1024
CONSENT_ISSUERS_MAX: Final = 64
TIMESTAMPERS_MAX: Final = 16
WITNESSES_MAX: Final = 64
# A corridor has a few countries, a country a few instances.
PINS_MAX: Final = 64
# Faster than each second would be an attack on the registry; slower than a day no refresh.
REFRESH_SECONDS_MAX: Final = 86_400
# The key itself, not a digest of it: whoever has it can verify. The word before it tells what it is, and keeps a
# key that begins with a hyphen from being taken for an option.
_KEY_PREFIX: Final = "ed25519:"
_KEY_CHARS: Final = len(_KEY_PREFIX) + 43

_MEMBERS = frozenset(
    {
        "format",
        "instance",
        "version",
        "iat",
        "exp",
        "refresh_seconds",
        "members",
        "purposes",
        "consent_issuers",
        "timestampers",
        "witnesses",
        "pins",
    }
)


@dataclass(frozen=True, slots=True)
class SignedConfiguration:
    """A configuration with its signature, as it was read. Nothing is trusted until ``verify_with`` returned.

    ``digest`` is SHA-256 of the text: by it this very configuration is found again.
    """

    unverified: Configuration = field(repr=False)
    token: jws.Jws = field(repr=False)
    digest: bytes

    def verify_with(self, keys: Iterable[PublicKey]) -> Configuration:
        """Give the configuration if one of ``keys`` signed it.

        Raises:
            BadSignature: none of them did (RFC 7515, 5.2, step 8).
        """
        for key in keys:
            try:
                self.token.verify(key)
            except BadSignature:
                continue
            return self.unverified
        raise BadSignature(
            f"no registry key that is pinned here signed this configuration of {self.unverified.instance}; "
            "ask the registry by another way which key it signs with"
        )


def sign(signer: Signer, configuration: Configuration) -> str:
    """Sign a configuration with the registry's key. Raises ``MalformedInput`` for one that nobody would read."""
    require_configuration(configuration)
    payload: dict[str, object] = {
        "format": FORMAT,
        "instance": configuration.instance,
        "version": configuration.version,
        "iat": configuration.issued_at,
        "exp": configuration.expires,
        "refresh_seconds": configuration.refresh_seconds,
        "members": [member_as_json(one) for one in configuration.members],
        "purposes": [purpose_as_json(one) for one in configuration.purposes],
        "consent_issuers": [consent_issuer_as_json(one) for one in configuration.consent_issuers],
        "timestampers": [timestamper_as_json(one) for one in configuration.timestampers],
        "witnesses": [witness_as_json(one) for one in configuration.witnesses],
        "pins": [pin_as_json(one) for one in configuration.pins],
    }
    return jws.sign(signer, {"typ": TYP}, strict_json.encode(payload))


def require_signed(text: str, keys: Iterable[PublicKey]) -> None:
    """Return if one of ``keys`` signed this text; nothing of it is read. A millisecond for each 2 MB.

    Reading costs a hundred times as much: where texts come from strangers, this comes first.

    Raises:
        MalformedInput: not a JWS. BadSignature: none of them signed it.
    """
    token = jws.decode(text, size_chars_max=TEXT_CHARS_MAX)
    for key in keys:
        try:
            token.verify(key)
        except BadSignature:
            continue
        return
    raise BadSignature("no registry key that is trusted here signed this configuration")


def decode(text: str) -> SignedConfiguration:
    """Read a configuration. Trusts nothing.

    About 0.8 ms of CPU for each gateway in it the first time, 0.4 ms once its keys are known: 500 members with four
    gateways each, all in their renewal (14 MB), take 1.9 s and 0.9 s.

    Raises:
        MalformedInput: not a JWS of this typ, a member missing, unknown or of the wrong type, a value outside its
            limits, an entry twice (``TooLarge``: too long, too many, too deep).
        UnsupportedAlgorithm: an algorithm, a key or a curve that the house does not take.
    """
    token = jws.decode(text, size_chars_max=TEXT_CHARS_MAX)
    token.require_typ(TYP)
    found = object_of(token.payload_object(size_bytes_max=TEXT_CHARS_MAX), _MEMBERS)
    if number_of(found, "format") != FORMAT:
        raise MalformedInput(f"a configuration of another format than {FORMAT}; update this program")
    configuration = Configuration(
        instance=word_of(found["instance"]),
        version=number_of(found, "version", least=1),
        issued_at=seconds_of(found, "iat"),
        expires=seconds_of(found, "exp"),
        refresh_seconds=number_of(found, "refresh_seconds", least=1, most=REFRESH_SECONDS_MAX),
        members=entries_of(found, "members", read_member, most=MEMBERS_MAX),
        purposes=entries_of(found, "purposes", read_purpose, most=PURPOSES_MAX),
        consent_issuers=entries_of(found, "consent_issuers", read_consent_issuer, most=CONSENT_ISSUERS_MAX),
        timestampers=entries_of(found, "timestampers", read_timestamper, most=TIMESTAMPERS_MAX),
        witnesses=entries_of(found, "witnesses", read_witness, most=WITNESSES_MAX),
        pins=entries_of(found, "pins", read_pin, most=PINS_MAX),
    )
    require_configuration(configuration)
    return SignedConfiguration(configuration, token, hashlib.sha256(text.encode("ascii")).digest())


def require_configuration(configuration: Configuration) -> None:
    """Check a configuration against every limit, and that it agrees with itself. Raises ``MalformedInput``."""
    if not 1 <= configuration.version <= NUMBER_MAX:
        raise MalformedInput(f"a configuration's version lies between 1 and {NUMBER_MAX}")
    if not 0 <= configuration.issued_at < configuration.expires <= SECONDS_MAX:
        raise MalformedInput("this configuration expires before it is issued, or outside the calendar")
    if not 1 <= configuration.refresh_seconds <= REFRESH_SECONDS_MAX:
        raise MalformedInput(f"refresh_seconds lies between 1 and {REFRESH_SECONDS_MAX}")
    require_count(len(configuration.members), "members", most=MEMBERS_MAX)
    for member in configuration.members:
        require_member(member, instance=configuration.instance)
    gateways = [gateway for member in configuration.members for gateway in member.gateways]
    require_unique([member.id for member in configuration.members], "a member")
    require_unique([gateway.id for gateway in gateways], "a gateway")
    require_unique([gateway.url for gateway in gateways], "a gateway's address")
    require_unique([key.keyid for gateway in gateways for key in gateway.keys], "a message key")
    require_unique([one for gateway in gateways for one in gateway.certificates], "a certificate")
    require_unique([gateway.log.origin for gateway in gateways], "a log's origin")
    require_parts(configuration)


def write_registry_key(public: PublicKey) -> str:
    """Write a registry's Ed25519 key as people hand it on: ``ed25519:`` and 43 characters of base64url."""
    if public.algorithm is not Algorithm.EDDSA:
        raise MalformedInput("a registry signs with Ed25519")
    return _KEY_PREFIX + base64url.encode(public.x)


def read_registry_key(text: str) -> PublicKey:
    """Read a key as ``write_registry_key`` writes it. Raises ``MalformedInput``."""
    if not text.startswith(_KEY_PREFIX) or len(text) != _KEY_CHARS:
        raise MalformedInput("a registry key is ed25519: and 43 characters; copy it whole")
    return PublicKey(Algorithm.EDDSA, base64url.decode(text.removeprefix(_KEY_PREFIX)))
