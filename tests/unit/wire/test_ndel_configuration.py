"""The configuration: what a registry may say, and that nobody else says it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from rahdari.wire import base64url, jws
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.configuration import (
    MEMBERS_MAX,
    PURPOSES_MAX,
    TYP,
    decode,
    read_registry_key,
    sign,
    write_registry_key,
)
from rahdari.wire.ndel.json_members import LANGUAGES_MAX, NAME_CHARS_MAX, SECONDS_MAX
from rahdari.wire.ndel.parties import Configuration
from rahdari.wire.ndel.parties_as_json import (
    CERTIFICATE_BYTES_MAX,
    CERTIFICATES_MAX,
    GATEWAYS_MAX,
    MESSAGE_KEYS_MAX,
    SUBSYSTEMS_MAX,
    keyid_of,
)
from tests.unit.wire.ndel_scene import DAY, NOW, REGISTRY, full_configuration, member_of, message_key

FULL = full_configuration()
TEXT = sign(REGISTRY, FULL)
Json = Any


def payload() -> dict[str, Json]:
    return dict(jws.decode(TEXT).payload_object())


def resigned(changed: Mapping[str, object], typ: str = TYP) -> str:
    return jws.sign(REGISTRY, {"typ": typ}, json.dumps(changed).encode())


def test_what_the_registry_signed_is_read_back() -> None:
    signed = decode(TEXT)
    assert signed.verify_with([REGISTRY.public]) == FULL
    assert signed.digest == sha256(TEXT.encode()).digest()


def test_an_empty_configuration_is_read_back() -> None:
    empty = Configuration("PK", 1, NOW, NOW + 1, 1, members=(), purposes=())
    assert decode(sign(REGISTRY, empty)).verify_with([REGISTRY.public]) == empty


def test_what_another_key_signed_is_refused() -> None:
    other = SoftwareSigner.generate(Algorithm.EDDSA)
    forged = decode(sign(other, FULL))
    for keys in ([], [REGISTRY.public]):
        with pytest.raises(BadSignature, match="no registry key"):
            forged.verify_with(keys)
    assert forged.verify_with([REGISTRY.public, other.public]) == FULL


def test_an_altered_configuration_is_refused() -> None:
    head, body, signature = TEXT.split(".")
    raw = jws.decode(TEXT).payload.replace(b'"version":7', b'"version":8')
    altered = decode(f"{head}.{base64url.encode(raw)}.{signature}")
    assert body not in altered.token.signing_input.decode()
    with pytest.raises(BadSignature):
        altered.verify_with([REGISTRY.public])


def test_a_token_of_another_sort_is_refused() -> None:
    with pytest.raises(MalformedInput, match="another sort"):
        decode(resigned(payload(), typ="rahdari-trust-list+jwt"))


def test_another_format_is_refused() -> None:
    with pytest.raises(MalformedInput, match="another format"):
        decode(resigned({**payload(), "format": 2}))


def paths(value: Json, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """List the path of every object within a JSON value."""
    found = [path] if isinstance(value, dict) else []
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return found + [one for name, child in children for one in paths(child, (*path, name))]


def at(value: Json, path: tuple[object, ...]) -> Json:
    for name in path:
        value = value[name]
    return value


# A JWK may have members that nobody here knows (RFC 7517, 4); names stand by language.
STRICT = [
    one
    for one in paths(payload())
    if one == () or not (one[-1] in {"name", "title", "jwk"} or one[:1] + one[2:3] == ("pins", "keys"))
]


@pytest.mark.parametrize("path", STRICT, ids=str)
def test_an_unknown_member_is_refused_everywhere(path: tuple[object, ...]) -> None:
    changed = payload()
    at(changed, path)["surprise"] = 1
    with pytest.raises(MalformedInput):
        decode(resigned(changed))


OPTIONAL = {"withdrawn_at", "suspended_at"}


@pytest.mark.parametrize("path", STRICT, ids=str)
def test_a_missing_member_is_refused_everywhere(path: tuple[object, ...]) -> None:
    for name in set(at(payload(), path)) - OPTIONAL:
        changed = payload()
        del at(changed, path)[name]
        with pytest.raises(MalformedInput):
            decode(resigned(changed))


@pytest.mark.parametrize("path", STRICT, ids=str)
def test_a_member_of_another_type_is_refused_everywhere(path: tuple[object, ...]) -> None:
    for name in at(payload(), path):
        for wrong in (None, 1.5, {"x": 1}, [1]):
            changed = payload()
            at(changed, path)[name] = wrong
            with pytest.raises(MalformedInput):
                decode(resigned(changed))


def first(name: str, change: Callable[[Json], object]) -> Callable[[Json], object]:
    return lambda found: change(found[name][0])


def gateway(change: Callable[[Json], object]) -> Callable[[Json], object]:
    return lambda found: change(found["members"][0]["gateways"][0])


def put(name: str, value: object) -> Callable[[Json], object]:
    return lambda found: found.__setitem__(name, value)


WRONG: dict[str, Callable[[Json], object]] = {
    "version 0": put("version", 0),
    "expires before it is issued": put("exp", NOW),
    "beyond the calendar": put("exp", SECONDS_MAX + 1),
    "no refreshing": put("refresh_seconds", 0),
    "another instance's member": first("members", put("id", "CN/GOV/1001")),
    "a subsystem for a member": first("members", put("id", "PK/GOV/1001/registry")),
    "a member twice": lambda one: one["members"].append(one["members"][0]),
    "a subsystem twice": first("members", lambda one: one["subsystems"].append("registry")),
    "a subsystem with a slash": first("members", put("subsystems", ["a/b"])),
    "no name": first("members", put("name", {})),
    "a name that turns around": first("members", put("name", {"en": "Sample\u202ek"})),
    "a language that is none": first("members", put("name", {"e": "Sample"})),
    "a gateway of another member": gateway(put("id", "PK/GOV/1002/gw9")),
    "an address with a path": gateway(put("url", "https://127.0.0.1:5001/x")),
    "an address without a port": gateway(put("url", "https://127.0.0.1")),
    "an address without TLS": gateway(put("url", "http://127.0.0.1:5001")),
    "a port that is none": gateway(put("url", "https://127.0.0.1:70000")),
    "an address in capitals": gateway(put("url", "https://GATE.example:5001")),
    "one address twice": lambda one: put("url", one["members"][1]["gateways"][0]["url"])(
        one["members"][0]["gateways"][0]
    ),
    "an empty certificate": gateway(put("certificates", [""])),
    "a certificate with padding": gateway(put("certificates", ["AA=="])),
    "a certificate twice": lambda one: put("certificates", one["members"][1]["gateways"][0]["certificates"])(
        one["members"][0]["gateways"][0]
    ),
    "a key under another's name": gateway(lambda one: put("keyid", "consents-1")(one["keys"][0])),
    "a window that is empty": gateway(lambda one: put("not_after", NOW - 3600)(one["keys"][0])),
    "a private key": gateway(lambda one: one["keys"][0]["jwk"].__setitem__("d", "A" * 43)),
    "a key twice": gateway(lambda one: one["keys"].append(one["keys"][0])),
    "a log without keys": gateway(lambda one: put("keys", [])(one["log"])),
    "a log under another name": gateway(lambda one: put("origin", "ndel/other")(one["log"])),
    "a note key that was altered": gateway(
        lambda one: put("keys", ["ndel/x+00000000+" + one["log"]["keys"][0].split("+")[2]])(one["log"])
    ),
    "a recipient of another kind": gateway(lambda one: put("kem", "rsa")(one["recipients"][0])),
    "a recipient key cut short": gateway(lambda one: put("key", "AAAA")(one["recipients"][0])),
    "a purpose twice": lambda one: one["purposes"].append(one["purposes"][0]),
    "a purpose with a space": first("purposes", put("code", "a b")),
    "a purpose that rests on nothing": first("purposes", put("basis", " ")),
    "a consent issuer who is no member": first("consent_issuers", put("member", "PK/GOV/9999")),
    "a consent issuer without keys": first("consent_issuers", put("keys", [])),
    "a timestamper at a strange place": first("timestampers", put("url", "ftp://tsa.example/")),
    "a timestamper with a user": first("timestampers", put("url", "http://me@tsa.example/")),
    "a witness without keys": first("witnesses", put("keys", [])),
    "a pin of ourselves": first("pins", put("instance", "PK")),
    "a pin without addresses": first("pins", put("urls", [])),
    "a pin without keys": first("pins", put("keys", [])),
    "an allowance for nothing": first("pins", lambda one: put("purposes", [])(one["inbound"][0])),
    "an allowance with a purpose twice": first(
        "pins", lambda one: put("purposes", ["a", "a"])(one["inbound"][0])
    ),
    "an allowance to a subsystem": first(
        "pins", lambda one: put("provider", "PK/GOV/1001/registry")(one["inbound"][0])
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_does_not_agree_with_itself_is_refused(change: Callable[[Json], object]) -> None:
    changed = payload()
    change(changed)
    with pytest.raises(MalformedInput):
        decode(resigned(changed))


COUNTS: dict[str, Callable[[Json], object]] = {
    "members": put("members", [0] * (MEMBERS_MAX + 1)),
    "purposes": put("purposes", [0] * (PURPOSES_MAX + 1)),
    "subsystems": first("members", put("subsystems", [0] * (SUBSYSTEMS_MAX + 1))),
    "gateways": first("members", put("gateways", [0] * (GATEWAYS_MAX + 1))),
    "certificates": gateway(put("certificates", [0] * (CERTIFICATES_MAX + 1))),
    "bytes of a certificate": gateway(put("certificates", ["A" * (2 * CERTIFICATE_BYTES_MAX)])),
    "message keys": gateway(put("keys", [0] * (MESSAGE_KEYS_MAX + 1))),
    "languages": first("members", put("name", {f"en-{n}": "x" for n in range(LANGUAGES_MAX + 1)})),
}


@pytest.mark.parametrize("change", COUNTS.values(), ids=COUNTS)
def test_too_many_are_refused_before_they_are_read(change: Callable[[Json], object]) -> None:
    changed = payload()
    change(changed)
    with pytest.raises(TooLarge):
        decode(resigned(changed))


def test_a_name_has_its_length() -> None:
    member = FULL.members[0]
    ok = replace(FULL, members=(replace(member, name={"en": "x" * NAME_CHARS_MAX}), *FULL.members[1:]))
    sign(REGISTRY, ok)
    with pytest.raises(MalformedInput):
        sign(REGISTRY, replace(ok, members=(replace(member, name={"en": "x" * (NAME_CHARS_MAX + 1)}),)))


def test_nothing_is_signed_that_nobody_would_read() -> None:
    twice = replace(FULL, members=(FULL.members[0], FULL.members[0]))
    for wrong in (
        twice,
        replace(FULL, version=0),
        replace(FULL, refresh_seconds=0),
        replace(FULL, expires=NOW),
    ):
        with pytest.raises(MalformedInput):
            sign(REGISTRY, wrong)


def test_a_key_of_one_gateway_is_no_key_of_another() -> None:
    other = member_of("1003")
    stolen = replace(other, gateways=(replace(other.gateways[0], keys=FULL.members[0].gateways[0].keys),))
    with pytest.raises(MalformedInput, match="message key stands twice"):
        sign(REGISTRY, replace(FULL, members=(*FULL.members, stolen)))


def test_a_suspension_and_a_withdrawal_are_read_back() -> None:
    member = FULL.members[0]
    key = replace(member.gateways[0].keys[0], withdrawn_at=NOW + 9)
    changed = replace(member, suspended_at=NOW, gateways=(replace(member.gateways[0], keys=(key,)),))
    configuration = replace(FULL, members=(changed, *FULL.members[1:]))
    assert decode(sign(REGISTRY, configuration)).unverified == configuration


def test_a_key_is_named_by_its_thumbprint() -> None:
    signer = SoftwareSigner.generate(Algorithm.EDDSA)
    assert len(keyid_of(signer.public)) == 43
    assert message_key(signer).keyid == keyid_of(signer.public)
    assert message_key(signer).not_after - NOW == 90 * DAY


def test_a_registry_key_is_handed_on_as_text() -> None:
    text = write_registry_key(REGISTRY.public)
    assert read_registry_key(text) == REGISTRY.public
    assert text.startswith("ed25519:")
    for wrong in ("", text[8:], text[:-1], text + "A", text.upper(), "ed25519:" + "=" * 43):
        with pytest.raises(MalformedInput):
            read_registry_key(wrong)


def test_a_registry_does_not_sign_with_another_algorithm_than_its_text_can_say() -> None:
    with pytest.raises(MalformedInput, match="Ed25519"):
        write_registry_key(SoftwareSigner.generate(Algorithm.ES256).public)
