"""What stands in a configuration beside its members: purposes, consent issuers, timestampers, witnesses, pins."""

from typing import Final

from rahdari.wire import base64url, jws
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.json_members import (
    entries_of,
    names_of,
    object_of,
    require_address,
    require_count,
    require_line,
    require_unique,
    require_word,
    text_of,
    word_of,
)
from rahdari.wire.ndel.parties import (
    Allowance,
    Configuration,
    ConsentIssuer,
    Pin,
    Purpose,
    Timestamper,
    Witness,
)
from rahdari.wire.ndel.parties_as_json import (
    CERTIFICATE_BYTES_MAX,
    MESSAGE_KEYS_MAX,
    NOTE_KEYS_MAX,
    key_as_json,
    read_certificate,
    read_member_id,
    read_message_key,
    read_note_keys,
    require_texts,
    require_window,
)

# Addresses of the same configuration: the registry's and a few mirrors'.
PIN_URLS_MAX: Final = 8
# The registry's key, and the one to come.
PIN_KEYS_MAX: Final = 4
ALLOWANCES_MAX: Final = 1024
ALLOWED_PURPOSES_MAX: Final = 256
_NAME_CHARS_MAX: Final = 200

_PURPOSE = frozenset({"code", "title", "basis"})
_ISSUER = frozenset({"member", "keys"})
_TIMESTAMPER = frozenset({"name", "url", "certificate"})
_WITNESS = frozenset({"name", "url", "keys"})
_ALLOWANCE = frozenset({"provider", "service_code", "purposes"})
_PIN = frozenset({"instance", "urls", "keys", "inbound", "outbound"})


def purpose_as_json(purpose: Purpose) -> dict[str, object]:
    """Write a purpose."""
    return {"code": purpose.code, "title": dict(purpose.title), "basis": purpose.basis}


def read_purpose(value: object) -> Purpose:
    """Read a purpose. Raises ``MalformedInput``."""
    found = object_of(value, _PURPOSE)
    return Purpose(word_of(found["code"]), names_of(found["title"]), text_of(found["basis"]))


def consent_issuer_as_json(issuer: ConsentIssuer) -> dict[str, object]:
    """Write a consent issuer."""
    return {"member": str(issuer.member), "keys": [key_as_json(one) for one in issuer.keys]}


def read_consent_issuer(value: object) -> ConsentIssuer:
    """Read a consent issuer. Raises ``MalformedInput``, ``UnsupportedAlgorithm``."""
    found = object_of(value, _ISSUER)
    keys = entries_of(found, "keys", read_message_key, most=MESSAGE_KEYS_MAX)
    return ConsentIssuer(read_member_id(found["member"]), keys)


def timestamper_as_json(timestamper: Timestamper) -> dict[str, object]:
    """Write a timestamper."""
    return {
        "name": timestamper.name,
        "url": timestamper.url,
        "certificate": base64url.encode(timestamper.certificate),
    }


def read_timestamper(value: object) -> Timestamper:
    """Read a timestamper. Raises ``MalformedInput``."""
    found = object_of(value, _TIMESTAMPER)
    return Timestamper(
        text_of(found["name"]), text_of(found["url"]), certificate=read_certificate(found["certificate"])
    )


def witness_as_json(witness: Witness) -> dict[str, object]:
    """Write a witness."""
    return {"name": witness.name, "url": witness.url, "keys": [one.text for one in witness.keys]}


def read_witness(value: object) -> Witness:
    """Read a witness. Raises ``MalformedInput``, ``UnsupportedAlgorithm``."""
    found = object_of(value, _WITNESS)
    return Witness(text_of(found["name"]), text_of(found["url"]), read_note_keys(found, "keys"))


def pin_as_json(pin: Pin) -> dict[str, object]:
    """Write a pin."""
    return {
        "instance": pin.instance,
        "urls": list(pin.urls),
        "keys": [one.as_jwk() for one in pin.keys],
        "inbound": [_allowance_as_json(one) for one in pin.inbound],
        "outbound": [_allowance_as_json(one) for one in pin.outbound],
    }


def read_pin(value: object) -> Pin:
    """Read a pin. Raises ``MalformedInput``, ``UnsupportedAlgorithm``."""
    found = object_of(value, _PIN)
    return Pin(
        instance=word_of(found["instance"]),
        urls=entries_of(found, "urls", text_of, most=PIN_URLS_MAX),
        keys=entries_of(found, "keys", jws.read_public_jwk, most=PIN_KEYS_MAX),
        inbound=entries_of(found, "inbound", _read_allowance, most=ALLOWANCES_MAX),
        outbound=entries_of(found, "outbound", _read_allowance, most=ALLOWANCES_MAX),
    )


def require_parts(configuration: Configuration) -> None:
    """Check all that stands beside the members. Raises ``MalformedInput``."""
    members = {member.id for member in configuration.members}
    require_unique([one.code for one in configuration.purposes], "a purpose")
    require_unique([one.member for one in configuration.consent_issuers], "a consent issuer")
    require_unique([one.name for one in configuration.timestampers], "a timestamper")
    require_unique([one.name for one in configuration.witnesses], "a witness")
    require_unique([configuration.instance, *(one.instance for one in configuration.pins)], "an instance")
    for purpose in configuration.purposes:
        require_word(purpose.code)
        require_texts(purpose.title, purpose.basis)
    for issuer in configuration.consent_issuers:
        _require_issuer(issuer, is_member=issuer.member in members)
    for timestamper in configuration.timestampers:
        require_line(timestamper.name, _NAME_CHARS_MAX)
        require_address(timestamper.url)
        require_count(len(timestamper.certificate), "bytes of it", most=CERTIFICATE_BYTES_MAX, least=1)
    for witness in configuration.witnesses:
        require_line(witness.name, _NAME_CHARS_MAX)
        require_address(witness.url)
        require_count(len(witness.keys), "keys of a witness", most=NOTE_KEYS_MAX, least=1)
    for pin in configuration.pins:
        _require_pin(pin)


def _require_issuer(issuer: ConsentIssuer, *, is_member: bool) -> None:
    if not is_member:
        raise MalformedInput(f"the consent issuer {issuer.member} is no member")
    require_count(len(issuer.keys), "keys of a consent issuer", most=MESSAGE_KEYS_MAX, least=1)
    require_unique([key.keyid for key in issuer.keys], "a key of a consent issuer")
    for key in issuer.keys:
        require_window(key)


def _require_pin(pin: Pin) -> None:
    require_word(pin.instance)
    require_count(len(pin.urls), "addresses of a pin", most=PIN_URLS_MAX, least=1)
    require_count(len(pin.keys), "keys of a pin", most=PIN_KEYS_MAX, least=1)
    for url in pin.urls:
        require_address(url)
    for one in (*pin.inbound, *pin.outbound):
        require_count(len(one.purposes), "purposes", most=ALLOWED_PURPOSES_MAX, least=1)
        for code in one.purposes:
            require_word(code)


def _allowance_as_json(allowance: Allowance) -> dict[str, object]:
    # What may be absent is written as an empty text: JSON's null is never signed here.
    return {
        "provider": "" if allowance.provider is None else str(allowance.provider),
        "service_code": allowance.service_code or "",
        "purposes": sorted(allowance.purposes),
    }


def _read_allowance(value: object) -> Allowance:
    found = object_of(value, _ALLOWANCE)
    purposes = entries_of(found, "purposes", word_of, most=ALLOWED_PURPOSES_MAX)
    require_unique(purposes, "a purpose")
    provider, code = text_of(found["provider"]), text_of(found["service_code"])
    return Allowance(
        read_member_id(provider) if provider else None,
        require_line(code, 255) if code else None,
        frozenset(purposes),
    )
