"""Signatures over any message: what is written, read back, and refused."""

from collections.abc import Callable

import pytest

from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.http_signatures import (
    Component,
    MessageSigner,
    MlDsaKey,
    MlDsaSigner,
    NotCovered,
    Request,
    Response,
    SignatureFields,
    SignatureNotInForce,
    SignatureParameters,
    WantedSignature,
    component,
    read_accept_signature,
    read_signatures,
    sign,
    signature_base,
    write_accept_signature,
)
from rahdari.wire.http_signatures.signatures import COMPONENTS_MAX, PARAMETER_CHARS_MAX, SIGNATURES_MAX
from rahdari.wire.keys import Algorithm, SoftwareSigner

ED25519 = SoftwareSigner.generate(Algorithm.EDDSA)
P256 = SoftwareSigner.generate(Algorithm.ES256)
ML_DSA = MlDsaSigner.generate()
SIGNERS: dict[str, MessageSigner] = {"ed25519": ED25519, "ecdsa-p256-sha256": P256, "ml-dsa-44": ML_DSA}
COVERED = [component("@method"), component("@path"), component("accept")]
TOLD = SignatureParameters(created=1_800_000_000, expires=1_800_000_060, nonce="n", keyid="k", tag="t")


def request(**fields: list[str]) -> Request:
    named = {name.replace("_", "-"): lines for name, lines in fields.items()}
    return Request("GET", "https://gate.example/r1", {"accept": ["a", "b"], **named})


def carrying(fields: SignatureFields) -> Request:
    return request(signature_input=[fields.signature_input], signature=[fields.signature])


@pytest.mark.parametrize("alg", SIGNERS)
@pytest.mark.parametrize("named", [True, False])
def test_what_each_algorithm_signs_it_verifies_and_no_other_key_does(alg: str, named: bool) -> None:  # noqa: FBT001
    told = SignatureParameters(created=5, alg=alg if named else None)
    signer = SIGNERS[alg]
    signed = carrying(sign(request(), COVERED, told, signer=signer))
    read = read_signatures(signed)["sig1"]
    read.verify(signed, signer.public)
    others: list[MessageSigner] = [
        MlDsaSigner.generate(),
        SoftwareSigner.generate(Algorithm.EDDSA),
        SoftwareSigner.generate(),
    ]
    for other in others:
        with pytest.raises(BadSignature):
            read.verify(signed, other.public)


def test_the_fields_are_written_in_their_one_form() -> None:
    fields = sign(request(), [*COVERED, component("accept", bs=True)], TOLD, signer=ED25519, label="a-1")
    assert fields.signature_input == (
        'a-1=("@method" "@path" "accept" "accept";bs);created=1800000000;expires=1800000060;nonce="n"'
        ';keyid="k";tag="t"'
    )
    assert fields.signature.startswith("a-1=:")
    assert read_signatures(carrying(fields))["a-1"].parameters == TOLD


def test_the_base_has_a_line_for_each_component_and_no_line_break_at_its_end() -> None:
    assert (
        signature_base(request(), COVERED, "()")
        == b'"@method": GET\n"@path": /r1\n"accept": a, b\n"@signature-params": ()'
    )
    assert signature_base(request(), [], "();created=5") == b'"@signature-params": ();created=5'


CHANGES: dict[str, Callable[[Request], Request]] = {
    "the method": lambda one: Request("POST", one.target_uri, one.fields),
    "the path": lambda one: Request(one.method, "https://gate.example/r2", one.fields),
    "a field": lambda one: Request(one.method, one.target_uri, {**one.fields, "accept": ["a", "c"]}),
    "the order of lines": lambda one: Request(
        one.method, one.target_uri, {**one.fields, "accept": ["b", "a"]}
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_covered_part_that_changed_is_refused(what: str) -> None:
    signed = carrying(sign(request(), COVERED, TOLD, signer=ED25519))
    changed = CHANGES[what](signed)
    with pytest.raises(BadSignature):
        read_signatures(changed)["sig1"].verify(changed, ED25519.public)


@pytest.mark.parametrize(
    ("old", "new"),
    [("1800000000", "1800000001"), ('nonce="n"', 'nonce="m"'), ('keyid="k"', 'keyid="l"'),
     ('tag="t"', 'tag="u"'),
     ('"@method" "@path"', '"@path" "@method"'), (' "accept"', ""), (';tag="t"', "")],
)  # fmt: skip
def test_a_parameter_or_a_component_that_changed_is_refused(old: str, new: str) -> None:
    fields = sign(request(), COVERED, TOLD, signer=ED25519)
    assert old in fields.signature_input
    changed = carrying(SignatureFields(fields.signature_input.replace(old, new), fields.signature))
    with pytest.raises(BadSignature):
        read_signatures(changed)["sig1"].verify(changed, ED25519.public)


def test_a_spelling_that_says_the_same_still_verifies() -> None:
    fields = sign(request(), COVERED, TOLD, signer=ED25519)
    spelled = fields.signature_input.replace('" "', '"   "').replace("(", "(  ").replace(";keyid", ";  keyid")
    changed = carrying(SignatureFields(f"  {spelled}", f" {fields.signature} "))
    read_signatures(changed)["sig1"].verify(changed, ED25519.public)


def test_several_signatures_stand_beside_one_another_and_over_several_lines() -> None:
    first = sign(request(), COVERED, TOLD, signer=ED25519)
    second = sign(request(), [component("@path")], TOLD, signer=ML_DSA, label="sig1-pq")
    both = first.beside(second)
    lines = request(
        signature_input=[first.signature_input, second.signature_input],
        signature=[first.signature, second.signature],
    )
    for message in (carrying(both), lines):
        read = read_signatures(message)
        assert list(read) == ["sig1", "sig1-pq"]
        read["sig1"].verify(message, ED25519.public)
        read["sig1-pq"].verify(message, ML_DSA.public)


def test_a_signature_may_cover_another_signature() -> None:
    first = carrying(sign(request(), COVERED, TOLD, signer=ED25519))
    over = sign(first, [component("signature", key="sig1")], TOLD, signer=P256, label="over")
    both = request(
        signature_input=[first.fields["signature-input"][0], over.signature_input],
        signature=[first.fields["signature"][0], over.signature],
    )
    read_signatures(both)["over"].verify(both, P256.public)


@pytest.mark.parametrize(
    "alg", ["hmac-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256", "ecdsa-p384-sha384", "ML-DSA-44", "none", ""]
)
def test_an_algorithm_that_the_house_does_not_accept_is_refused_by_name(alg: str) -> None:
    fields = sign(request(), COVERED, TOLD, signer=ED25519)
    changed = carrying(SignatureFields(f'{fields.signature_input};alg="{alg}"', fields.signature))
    with pytest.raises(UnsupportedAlgorithm):
        read_signatures(changed)["sig1"].verify(changed, ED25519.public)
    with pytest.raises(UnsupportedAlgorithm):
        sign(request(), COVERED, SignatureParameters(alg=alg), signer=ED25519)


def test_an_alg_that_is_not_the_keys_is_refused_before_the_signature_is_looked_at() -> None:
    with pytest.raises(BadSignature, match="ed25519"):
        sign(request(), COVERED, SignatureParameters(alg="ecdsa-p256-sha256"), signer=ED25519)
    signed = carrying(sign(request(), COVERED, SignatureParameters(alg="ed25519"), signer=ED25519))
    with pytest.raises(BadSignature, match="ecdsa-p256-sha256"):
        read_signatures(signed)["sig1"].verify(signed, P256.public)


@pytest.mark.parametrize(
    "covered",
    [
        [component("@path"), component("@path")],
        [component("signature", key="a", req=True), Component("signature", {"req": True, "key": "a"})],
    ],
)
def test_a_component_is_covered_once(covered: list[Component]) -> None:
    with pytest.raises(MalformedInput, match="twice"):
        sign(request(), covered, TOLD, signer=ED25519)
    text = " ".join(one.identifier for one in covered)
    with pytest.raises(MalformedInput, match="twice"):
        read_signatures(request(signature_input=[f"sig1=({text})"], signature=["sig1=:AAAA:"]))


@pytest.mark.parametrize(
    ("told", "signed"),
    [
        ("sig1=()", ""), ("", "sig1=:AA==:"), ("sig1=()", "sig2=:AA==:"), ("sig1=(), sig2=()", "sig1=:AA==:"),
        ("sig1", "sig1=:AA==:"), ("sig1=5", "sig1=:AA==:"), ('sig1="@path"', "sig1=:AA==:"),
        ("sig1=()", "sig1"),
        ("sig1=()", 'sig1="AA=="'), ("sig1=()", "sig1=(:AA==:)"), ("sig1=(), sig1=()", "sig1=:AA==:"),
        ("sig1=()", "sig1=:AA==:, sig1=:AA==:"), ("sig1=(@path)", "sig1=:AA==:"),
        ('sig1=("Date")', "sig1=:AA==:"),
        ('sig1=("@signature-params")', "sig1=:AA==:"), ('sig1=("date";foo)', "sig1=:AA==:"),
        ("sig1=();created", "sig1=:AA==:"), ('sig1=();created="5"', "sig1=:AA==:"),
        ("sig1=();created=-1", "sig1=:AA==:"),
        ("sig1=();expires=5.0", "sig1=:AA==:"), ("sig1=();keyid=k", "sig1=:AA==:"),
        ("sig1=();nonce=5", "sig1=:AA==:"),
        ("sig1=();tag", "sig1=:AA==:"), ("sig1=();alg=ed25519", "sig1=:AA==:"),
        ("sig1=();unknown=1", "sig1=:AA==:"),
        (f'sig1=();keyid="{"k" * (PARAMETER_CHARS_MAX + 1)}"', "sig1=:AA==:"), ("sig1=(", "sig1=:AA==:"),
    ],
)  # fmt: skip
def test_fields_that_are_not_well_formed_are_refused(told: str, signed: str) -> None:
    with pytest.raises(MalformedInput):
        read_signatures(request(signature_input=[told], signature=[signed]))


def test_a_message_without_a_signature_has_none() -> None:
    assert read_signatures(request()) == {}


@pytest.mark.parametrize(("signatures", "components"), [(SIGNATURES_MAX + 1, 1), (1, COMPONENTS_MAX + 1)])
def test_too_many_signatures_or_components_are_refused(signatures: int, components: int) -> None:
    def message(signatures: int, components: int) -> Request:
        covered = " ".join(f'"x-{number}"' for number in range(components))
        labels = [f"s{number}" for number in range(signatures)]
        return request(
            signature_input=[f"{label}=({covered})" for label in labels],
            signature=[f"{label}=:AA==:" for label in labels],
        )

    assert len(
        read_signatures(message(min(signatures, SIGNATURES_MAX), min(components, COMPONENTS_MAX)))
    ) == min(signatures, SIGNATURES_MAX)
    with pytest.raises(TooLarge):
        read_signatures(message(signatures, components))


@pytest.mark.parametrize("name", ["x-missing", "@status"])
def test_what_the_message_does_not_have_is_neither_signed_nor_verified(name: str) -> None:
    with pytest.raises(NotCovered):
        sign(request(), [component(name)], TOLD, signer=ED25519)
    unsigned = request(signature_input=[f'sig1=("{name}")'], signature=["sig1=:AA==:"])
    with pytest.raises(NotCovered):
        read_signatures(unsigned)["sig1"].verify(unsigned, ED25519.public)


@pytest.mark.parametrize("label", ["", "Sig1", "1", "a b", "a=()"])
def test_a_label_is_a_key_of_a_dictionary(label: str) -> None:
    with pytest.raises(MalformedInput):
        sign(request(), COVERED, TOLD, signer=ED25519, label=label)


@pytest.mark.parametrize(
    ("created", "expires", "at", "in_force"),
    [
        (100, 160, 100, True), (None, None, 0, True), (221, None, 100, False), (220, None, 100, True),
        (None, 100, 219, True), (None, 100, 220, False), (100, 160, 10_000, False),
    ],
)  # fmt: skip
def test_a_signature_is_in_force_between_its_times_give_or_take_two_minutes(
    created: int | None,
    expires: int | None,
    at: int,
    in_force: bool,  # noqa: FBT001
) -> None:
    told = SignatureParameters(created, expires)
    if in_force:
        told.require_in_force(at)
    else:
        with pytest.raises(SignatureNotInForce):
            told.require_in_force(at)
    if not in_force or created == 220 or at == 219:
        with pytest.raises(SignatureNotInForce):
            told.require_in_force(at, skew_seconds=0)


def test_times_that_no_field_can_hold_are_refused() -> None:
    for time in (-1, 10**15, True):
        with pytest.raises(MalformedInput):
            SignatureParameters(created=time)
        with pytest.raises(MalformedInput):
            SignatureParameters(expires=time)


def test_a_post_quantum_key_has_its_one_length_and_shows_no_secret() -> None:
    for raw in (b"", bytes(1311), bytes(1313), bytes(2560)):
        with pytest.raises(MalformedInput):
            MlDsaKey(raw)
    for seed in (b"", bytes(31), bytes(33), bytes(2560)):
        with pytest.raises(MalformedInput):
            MlDsaSigner.from_seed(seed)
    assert repr(MlDsaSigner.from_seed(bytes(32))) == "MlDsaSigner(ml-dsa-44)"
    assert MlDsaSigner.from_seed(bytes(32)).public == MlDsaSigner.from_seed(bytes(32)).public
    signature = ML_DSA.sign(b"base")
    for damaged in (signature[:-1], signature + b"\0", bytes(len(signature)), signature[:-1] + b"\xff"):
        with pytest.raises(BadSignature):
            ML_DSA.public.verify(damaged, b"base")


def test_a_signature_is_asked_for_and_given() -> None:
    told = (
        'sig1=("@status" "content-digest" "@method";req);created;expires;nonce="n";alg="ed25519";keyid="k";tag="t"'
        ", b=()"
    )
    read = read_accept_signature(told)
    covered = (component("@status"), component("content-digest"), component("@method", req=True))
    assert read["sig1"] == WantedSignature(
        covered, created=True, expires=True, nonce="n", alg="ed25519", keyid="k", tag="t"
    )
    assert read["b"] == WantedSignature(())
    assert write_accept_signature(read) == told
    answered = Response(200, {"content-digest": ["x"]}, request())
    fields = sign(answered, read["sig1"].components, TOLD, signer=ED25519)
    assert fields.signature_input.startswith('sig1=("@status" "content-digest" "@method";req);')


@pytest.mark.parametrize(
    "told",
    [
        "sig1", "sig1=5", "sig1=(date)", 'sig1=("Date")', "sig1=();created=5", "sig1=();created=?0",
        "sig1=();tag",
        "sig1=();nonce=5", "sig1=();unknown", 'sig1=("date" "date")', "sig1=(), sig1=()",
        'sig1=("@nonsense")',
        f'sig1=();tag="{"t" * (PARAMETER_CHARS_MAX + 1)}"',
        ", ".join(f"s{number}=()" for number in range(SIGNATURES_MAX + 1)),
        "sig1=({})".format(" ".join(f'"x{number}"' for number in range(COMPONENTS_MAX + 1))),
    ],
)  # fmt: skip
def test_what_asks_for_no_signature_is_refused(told: str) -> None:
    with pytest.raises(MalformedInput):
        read_accept_signature(told)
