"""For every input: what is written is read back, and what is damaged is refused by name."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rahdari.wire import base64url, jws, sd_jwt, strict_json, trust_list
from rahdari.wire import status_list as lists
from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.sd_jwt.issuing import NEVER_CONCEALED
from tests.fakes.chance import SeededChance

SIGNERS = {algorithm: SoftwareSigner.generate(algorithm) for algorithm in Algorithm}
signers = st.sampled_from(list(SIGNERS.values()))

texts = st.text(st.characters(codec="utf-8"), max_size=20)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
names = st.text(string.ascii_letters + "_\u0627", min_size=1, max_size=8).filter(
    lambda name: name not in NEVER_CONCEALED | {"_sd"}
)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
REFUSALS = (MalformedInput, BadSignature, UnsupportedAlgorithm)


@given(st.binary(max_size=200))
def test_base64url_gives_back_every_byte_string(raw: bytes) -> None:
    assert base64url.decode(base64url.encode(raw)) == raw


@given(st.text(string.ascii_letters + string.digits + "-_+/=\n ", max_size=9))
def test_a_base64url_text_that_is_read_is_the_only_one_for_its_bytes(text: str) -> None:
    try:
        raw = base64url.decode(text)
    except MalformedInput:
        return
    assert base64url.encode(raw) == text


@given(json_values)
def test_json_gives_back_every_value(value: object) -> None:
    assert strict_json.decode(strict_json.encode(value), size_bytes_max=1 << 16) == value


@given(signers, st.dictionaries(st.just("typ"), texts), st.binary(max_size=100))
def test_a_jws_gives_back_header_and_payload(
    signer: SoftwareSigner, header: dict[str, object], payload: bytes
) -> None:
    token = jws.decode(jws.sign(signer, header, payload))
    token.verify(signer.public)
    assert token.payload == payload
    assert {name: token.header[name] for name in header} == header


@given(signers, st.data())
def test_no_character_of_a_jws_can_be_changed(signer: SoftwareSigner, data: st.DataObject) -> None:
    text = jws.sign(signer, {"typ": "note+jwt"}, b'{"a":"b"}')
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_.~ "))
    if other == text[at]:
        return
    with pytest.raises(REFUSALS):
        jws.decode(text[:at] + other + text[at + 1 :]).verify(signer.public)


@st.composite
def arrays(draw: st.DrawFn) -> tuple[lists.StatusArray, dict[int, int]]:
    bits = draw(st.sampled_from([1, 2, 4, 8]))
    size = draw(st.integers(1, 300))
    entries = st.dictionaries(st.integers(0, size - 1), st.integers(0, (1 << bits) - 1))
    changes = draw(entries)
    return lists.StatusArray.of_size(size, changes.items(), bits=bits), changes


@given(arrays())
def test_a_status_array_says_at_each_index_what_was_put_there(
    pair: tuple[lists.StatusArray, dict[int, int]],
) -> None:
    statuses, entries = pair
    # The independent reading: the whole array as one little-endian number, entry by entry.
    whole = int.from_bytes(statuses.packed, "little")
    for index in range(statuses.size):
        expected = entries.get(index, 0)
        assert statuses.get(index) == expected
        assert whole >> (index * statuses.bits) & ((1 << statuses.bits) - 1) == expected
    assert lists.StatusArray.inflate(statuses.bits, statuses.deflate()) == statuses


@given(arrays(), st.data())
def test_changes_touch_nothing_else(
    pair: tuple[lists.StatusArray, dict[int, int]], data: st.DataObject
) -> None:
    statuses, _ = pair
    entry = st.integers(0, (1 << statuses.bits) - 1)
    changes = data.draw(st.dictionaries(st.integers(0, statuses.size - 1), entry))
    changed = statuses.with_changes(changes)
    for index in range(statuses.size):
        assert changed.get(index) == changes.get(index, statuses.get(index))


times = st.integers(0, 4_000_000_000)


@given(signers, arrays(), times, st.none() | st.integers(1, 10**6), st.none() | st.integers(0, 10**6))
def test_a_status_list_travels_both_ways_unchanged(
    signer: SoftwareSigner,
    pair: tuple[lists.StatusArray, dict[int, int]],
    issued_at: int,
    lifetime: int | None,
    ttl: int | None,
) -> None:
    expires = None if lifetime is None else issued_at + lifetime
    listed = lists.StatusList("https://status.example/1", issued_at, pair[0], expires, ttl)
    for token in (
        lists.decode_jwt(lists.sign_jwt(signer, listed)),
        lists.decode_cwt(lists.sign_cwt(signer, listed)),
    ):
        token.verify(signer.public)
        assert token.unverified == listed


@given(signers, st.data())
def test_no_byte_of_a_status_list_cwt_can_be_changed(signer: SoftwareSigner, data: st.DataObject) -> None:
    raw = bytearray(lists.sign_cwt(signer, lists.StatusList("x:y", 1, lists.StatusArray.of_size(64))))
    # The unprotected header is not under the signature; it is empty here (one byte), and the tag is optional.
    at = data.draw(st.integers(1, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        token = lists.decode_cwt(bytes(raw))
        token.verify(signer.public)
    except REFUSALS:
        return
    assert token.unverified == lists.StatusList("x:y", 1, lists.StatusArray.of_size(64))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(signers, st.dictionaries(names, json_values, max_size=6), st.data(), st.integers(0, 5))
def test_a_holder_shows_exactly_the_claims_that_were_chosen(
    signer: SoftwareSigner, claims: dict[str, object], data: st.DataObject, decoys: int
) -> None:
    hidden = data.draw(st.sets(st.sampled_from(sorted(claims)))) if claims else set()
    shown = data.draw(st.sets(st.sampled_from(sorted(hidden)))) if hidden else set()
    text = sd_jwt.issue(signer, claims, disclosable=hidden, chance=SeededChance(), decoys=decoys)
    token = sd_jwt.parse(text)
    assert sd_jwt.verify(token, signer.public) == claims
    presentation = sd_jwt.present(token, token.named(*shown))
    expected = {name: value for name, value in claims.items() if name not in hidden - shown}
    assert sd_jwt.verify(sd_jwt.parse(presentation), signer.public) == expected


@given(signers, st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_disclosures_does_not_matter(signer: SoftwareSigner, order: list[str]) -> None:
    claims = {"a": 1, "b": 2, "c": 3, "d": 4}
    token = sd_jwt.parse(sd_jwt.issue(signer, claims, disclosable=claims, chance=SeededChance()))
    texts_in_order = [each.text for name in order for each in token.named(name)]
    shuffled = sd_jwt.parse("~".join((token.issuer_signed, *texts_in_order, "")))
    assert sd_jwt.verify(shuffled, signer.public) == claims


@st.composite
def trust_lists(draw: st.DrawFn) -> trust_list.TrustList:
    words = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=12)
    shown = st.text(string.ascii_letters + "اردو ", min_size=1, max_size=20).filter(str.strip)

    def key(n: int) -> trust_list.TrustedKey:
        begin = draw(times)
        uses = draw(st.sets(st.sampled_from(trust_list.KeyUse), min_size=1))
        end, withdrawn = begin + draw(st.integers(1, 10**9)), draw(st.none() | times)
        public = list(SIGNERS.values())[n].public
        return trust_list.TrustedKey(public, frozenset(uses), begin, end, withdrawn)

    def issuer(issuer_id: str) -> trust_list.TrustedIssuer:
        uris = draw(st.lists(words.map("https://status.example/{}".format), max_size=3, unique=True))
        return trust_list.TrustedIssuer(
            id=issuer_id,
            name=draw(st.dictionaries(st.sampled_from(["en", "ur", "zh-Hans"]), shown, min_size=1)),
            products=frozenset(draw(st.sets(words, min_size=1, max_size=3))),
            status_uris=tuple(uris),
            keys=tuple(key(n) for n in range(draw(st.integers(1, 2)))),
            status_required=draw(st.booleans()),
        )

    issued = draw(times)
    ids = draw(st.lists(words, max_size=3, unique=True))
    return trust_list.TrustList(
        sequence=draw(st.integers(1, 2**53 - 1)),
        issued_at=issued,
        expires=issued + draw(st.integers(1, 10**9)),
        issuers=tuple(issuer(each) for each in ids),
        roots=tuple(signer.public for signer in draw(st.sets(signers))),
    )


@given(signers, trust_lists())
def test_a_trust_list_travels_unchanged(signer: SoftwareSigner, listed: trust_list.TrustList) -> None:
    assert trust_list.decode(trust_list.sign(signer, listed)).verify_with([signer.public]) == listed
