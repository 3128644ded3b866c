"""HTTP signatures: what is written is read, and a changed message verifies only if nothing covered changed."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.kernel import Refused
from rahdari.wire.http_signatures import (
    REQUEST_FIELDS,
    Component,
    DigestAlgorithm,
    DigestCheck,
    Request,
    Response,
    RunningDigest,
    SignatureFields,
    SignatureParameters,
    component,
    read_signatures,
    sign,
    sign_request,
    verify_request,
)
from rahdari.wire.http_signatures import structured_fields as sf
from tests.unit.wire.http_gateway_scene import (
    AT,
    CONSUMER,
    KEYS,
    REQUEST_ID,
    accept_response,
    signed_request,
    signed_response,
    with_fields,
)

visible = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
keys = st.from_regex(r"[a-z*][a-z0-9_\-.*]{0,6}", fullmatch=True)
bare = (
    st.integers(-sf.INTEGER_MAX, sf.INTEGER_MAX)
    | st.booleans()
    | st.binary(max_size=12)
    | visible
    | st.from_regex(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]{0,6}", fullmatch=True).map(sf.Token)
    | st.decimals(-(10**11), 10**11, places=3).map(lambda value: value + Decimal(0))
)
parameters = st.dictionaries(keys, bare, max_size=3)
items = st.builds(sf.Item, bare, parameters)
members = items | st.builds(sf.InnerList, st.lists(items, max_size=3).map(tuple), parameters)


@settings(max_examples=25)
@given(st.dictionaries(keys, members, max_size=4), st.lists(members, max_size=4))
def test_every_structured_field_is_read_as_it_was_written(
    dictionary: dict[str, sf.Member], sequence: list[sf.Member]
) -> None:
    written = sf.serialize_dictionary(dictionary)
    read = sf.parse_dictionary(written)
    assert read == dictionary
    assert list(read) == list(dictionary)
    assert sf.serialize_dictionary(read) == written
    assert sf.parse_list(sf.serialize_list(sequence)) == sequence


words = st.from_regex(r"[!#-\[\]-~]{1,20}", fullmatch=True)
lines = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)


@settings(max_examples=30)
@given(
    values=st.lists(lines, min_size=len(REQUEST_FIELDS), max_size=len(REQUEST_FIELDS)),
    request_id=words,
    keyid=words,
    method=st.sampled_from(["GET", "POST", "patch"]),
    order=st.permutations(["@method", "@target-uri", *REQUEST_FIELDS]),
)
def test_the_fast_and_the_general_signer_and_verifier_agree(
    values: Sequence[str], request_id: str, keyid: str, method: str, order: Sequence[str]
) -> None:
    fields = {name: [value] for name, value in zip(REQUEST_FIELDS, values, strict=True)}
    fields["x-road-request-id"] = [request_id]
    message = Request(method, "https://gateway.example/r1/a?b=1", fields)
    told = SignatureParameters(AT, AT + 60, nonce=request_id, keyid=keyid, tag="ndel-req-v1")
    profile = [component(name) for name in ("@method", "@target-uri", *REQUEST_FIELDS)]
    fast = sign_request(message, CONSUMER, keyid=keyid, created=AT)
    assert fast == sign(message, profile, told, signer=CONSUMER)
    ordered = sign(message, [component(name) for name in order], told, signer=CONSUMER)
    for signed in (fast, ordered, SignatureFields(f" {fast.signature_input}", fast.signature)):
        whole = with_fields(message, signed)
        verified = verify_request(whole, key_of={keyid: CONSUMER.public}.get, at=AT)
        assert verified.replay_key == (request_id, keyid)
        read_signatures(whole)["sig1"].verify(whole, CONSUMER.public)


def covered_by(message: Request) -> tuple[str, ...]:
    """What the signature of the profile covers, as the RFC normalises it."""
    fields = [",".join(line.strip(" \t") for line in message.fields.get(name, ())) for name in REQUEST_FIELDS]
    return (message.method, message.target_uri, *fields)


SIGNED = signed_request()
TEXTS = {name: SIGNED.fields[name][0] for name in SIGNED.fields}


@st.composite
def mutants(draw: st.DrawFn) -> Request:
    """Change one to three places: a character of a field, the target or the method, a whole field, or its lines."""
    message = SIGNED
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([*TEXTS, "method", "target"]))
        text = {"method": message.method, "target": message.target_uri}.get(name) or ", ".join(
            message.fields.get(name, ())
        )
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.integers(0, 3)))
        spliced = text[:begin] + draw(st.text('aZ19 \t\n"\\;=:,()?/%AB@xü', max_size=3)) + text[end:]
        if name == "method":
            message = replace(message, method=spliced)
        elif name == "target":
            message = replace(message, target_uri=spliced)
        else:
            split = draw(st.sampled_from([[spliced], [spliced, text], [], [text, spliced]]))
            message = replace(message, fields={**message.fields, name: split})
    return message


@given(mutants())
def test_a_changed_request_verifies_only_if_all_that_is_covered_is_equal(message: Request) -> None:
    try:
        verified = verify_request(message, key_of=KEYS.get, at=AT)
    except Refused:
        return
    assert covered_by(message) == covered_by(SIGNED)
    assert verified == verify_request(SIGNED, key_of=KEYS.get, at=AT)


def test_the_mutants_reach_the_signature_and_beyond() -> None:
    """Some spellings do verify, and some are refused by the signature alone: the property above tests something."""
    spelled = replace(SIGNED, fields={**SIGNED.fields, "ndel-purpose": [" account-opening "]})
    assert covered_by(spelled) == covered_by(SIGNED)
    assert verify_request(spelled, key_of=KEYS.get, at=AT).nonce == REQUEST_ID


@given(st.integers(0, 255), st.integers(0, 63))
def test_a_response_never_answers_a_request_with_another_signature(flip: int, place: int) -> None:
    message = signed_response(SIGNED)
    signature = bytearray(read_signatures(SIGNED)["sig1"].signature)
    signature[place] ^= flip
    other = f"sig1={sf.serialize_bare(bytes(signature))}"
    asked = replace(SIGNED, fields={**SIGNED.fields, "signature": [other]})
    try:
        accept_response(replace(message, request=asked))
    except Refused:
        assert flip
    else:
        assert not flip


@given(
    st.binary(max_size=200),
    st.lists(st.integers(0, 200), max_size=4),
    st.sets(st.sampled_from(DigestAlgorithm), min_size=1),
)
def test_a_digest_does_not_know_where_a_stream_was_cut(
    content: bytes, cuts: list[int], algorithms: set[DigestAlgorithm]
) -> None:
    places = [0, *sorted(cuts), len(content)]
    whole, parts = RunningDigest(sorted(algorithms)), RunningDigest(sorted(algorithms))
    whole.update(content)
    check = DigestCheck(whole.field())
    for begin, end in pairwise(places):
        part = content[begin : max(begin, min(end, len(content)))]
        parts.update(part)
        check.update(part)
    assert parts.field() == whole.field()
    check.require_match()


names = st.sampled_from(["a", "content-digest", "x-1"])


@settings(max_examples=30)
@given(
    fields=st.dictionaries(names, st.lists(lines, min_size=1, max_size=3), min_size=1),
    flags=st.sets(st.sampled_from(["bs", "req"])),
)
def test_whatever_is_covered_of_any_message_verifies(fields: dict[str, list[str]], flags: set[str]) -> None:
    asked = Request("GET", "https://g.example/", fields)
    message = Response(200, fields, asked)
    covered = [Component(name, dict.fromkeys(sorted(flags), True)) for name in fields]
    signed = sign(message, covered, SignatureParameters(created=AT), signer=CONSUMER)
    whole = replace(message, fields={**fields, **signed.as_fields()})
    read_signatures(whole)["sig1"].verify(whole, CONSUMER.public)
