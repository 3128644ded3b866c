"""What an evidence file proves, and that nothing in it can be changed without being refused."""

from dataclasses import replace
from typing import Any

import pytest

from rahdari.exchange.errors import EvidenceRefused
from rahdari.exchange.rules.evidence import verify_evidence
from rahdari.exchange.values.evidence import (
    CLAUSES,
    Anchors,
    Bodies,
    Proven,
    RegistryKey,
    StepName,
    StepState,
    Verdict,
    step_clause,
)
from rahdari.wire import base64url, jws
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel import configuration as configuration_text
from rahdari.wire.ndel import consent_token, evidence_file
from rahdari.wire.ndel.evidence_file import EvidenceFile, KeptEvidence
from rahdari.wire.ndel.parties import Configuration, Gateway
from rahdari.wire.ndel.record_bytes import encode_entry, read_entry
from rahdari.wire.ndel.records import ExchangeRecord, Role
from rahdari.wire.tlog import KeyKind, NoteKey, read_proof
from rahdari.wire.tlog.note_keys import Ed25519NoteSigner
from rahdari.wire.xroad import read_client
from tests.unit.exchange.evidence_damage import damages
from tests.unit.exchange.evidence_scene import (
    ISSUER_KEY,
    REGISTRY_ROOT,
    SECONDS,
    WITNESS,
    anchors,
    configuration,
    consent,
    digest_of,
    evidence,
    exchanged,
    log_of,
    logged,
    stamp,
    written,
)

BODY = b'{"loan":7}'


def proven(file: EvidenceFile, trusted: Anchors | None = None, bodies: Bodies | None = None) -> Proven:
    return verify_evidence(written(file), trusted or anchors(), bodies=bodies or Bodies())


def refusal(
    file: EvidenceFile, trusted: Anchors | None = None, bodies: Bodies | None = None
) -> EvidenceRefused:
    with pytest.raises(EvidenceRefused) as refused:
        proven(file, trusted, bodies)
    return refused.value


def states(found: Proven, record: int | None = 0) -> dict[str, str]:
    return {one.name.value: one.state.value for one in found.steps if one.record == record}


def only_provider(**changes: object) -> EvidenceFile:
    whole = evidence()
    return replace(whole, records=(replace(whole.records[0], **changes),))  # type: ignore[arg-type]


def configured(**changes: object) -> EvidenceFile:
    """The evidence with another configuration, which the registry signed as well."""
    return replace(
        evidence(), configurations=(configuration_text.sign(REGISTRY_ROOT, configuration(**changes)),)
    )


CODES = ("1001", "2002")
KIND = KeyKind.COSIGNATURE
KEYS_OF_WITNESSES = {one: SoftwareSigner.generate(Algorithm.EDDSA) for one in CODES}


def with_witness(gateway: Gateway, key: NoteKey) -> Gateway:
    return replace(gateway, log=replace(gateway.log, witness_keys=(key,)))


def with_key_of(place: int, *, withdrawn_at: int, **changes: object) -> EvidenceFile:
    """The evidence, with a configuration that tells of a key's withdrawal."""
    members = list(configuration().members)
    (gateway,) = members[place].gateways
    key = replace(gateway.keys[0], withdrawn_at=withdrawn_at)
    members[place] = replace(members[place], gateways=(replace(gateway, keys=(key,)),))
    return configured(members=tuple(members), **changes)


def stamped_after(seconds: int) -> EvidenceFile:
    """The evidence, whose stamp of one second's accuracy is so late."""
    ended = record_of(evidence().records[0]).ended // 1000
    note = read_proof(evidence().records[0].logged.proof).note
    return only_provider(stamp=stamp(note, seconds=ended - SECONDS + seconds - 1))


def record_of(kept: KeptEvidence) -> ExchangeRecord:
    entry = read_entry(kept.logged.record)
    assert isinstance(entry, ExchangeRecord)
    return entry


def relogged(file: EvidenceFile, **changes: object) -> EvidenceFile:
    """The provider's gateway writes another record into its own log, and signs that log."""
    kept = file.records[0]
    entry = encode_entry(replace(record_of(kept), **changes))  # type: ignore[arg-type]
    into, note = logged(log_of("1001"), [b"another", entry], 1)
    return replace(file, records=(replace(kept, logged=into, stamp=stamp(note), receipts=()),))


def test_all_evidence_of_both_parties_is_proved_with_every_step() -> None:
    found = proven(evidence())
    assert [one.role for one in found.records] == [Role.PROVIDER, Role.CONSUMER]
    assert set(states(found).values()) == {"proved"}
    assert set(states(found)) == {
        "record", "log", "witnesses", "time", "request", "response", "request-hash", "consent", "receipt"
    }  # fmt: skip
    assert states(found, None) == {"format": "proved", "configuration": "proved", "agreement": "proved"}
    assert found.stamped_at is not None
    assert int(found.stamped_at.timestamp()) == SECONDS + 31


def test_what_is_not_there_is_said_not_to_be_proved() -> None:
    found = proven(only_provider(stamp=None, particulars=None, receipts=()), anchors(witnesses=(), quorum=0))
    assert states(found) == {
        "record": "proved",
        "log": "proved",
        "witnesses": "absent",
        "time": "absent",
        "request": "absent",
        "response": "absent",
        "request-hash": "absent",
        "consent": "absent",
    }
    assert len(found.not_proved) == 7
    assert any("erased" in one for one in found.not_proved)
    assert found.stamped_at is None


def test_what_only_one_party_says_is_its_word_and_no_proof() -> None:
    provider, consumer = evidence(is_consented=False).records
    for kept, role in ((provider, Role.PROVIDER), (consumer, Role.CONSUMER)):
        alone = replace(evidence(is_consented=False), records=(replace(kept, particulars=None, receipts=()),))
        found = proven(alone)
        assert (found.verdict, found.vouched) == (Verdict.ONE_SIDED, frozenset({role}))


@pytest.mark.parametrize("left", ["particulars", "receipts", "record"])
def test_one_thing_that_the_other_party_signed_makes_it_the_word_of_both(left: str) -> None:
    whole = evidence(is_consented=False)
    provider = whole.records[0]
    assert provider.particulars is not None
    assert provider.receipts
    records = {
        "particulars": (replace(provider, receipts=()),),
        "receipts": (replace(provider, particulars=None),),
        "record": tuple(replace(one, particulars=None, receipts=()) for one in whole.records),
    }[left]
    assert proven(replace(whole, records=records)).verdict is Verdict.PROVED


def test_a_consent_proves_nothing_of_its_revocation_and_the_verdict_says_so() -> None:
    (said,) = (
        one.says for one in proven(evidence()).steps if one.name is StepName.CONSENT and one.record == 0
    )
    assert "revoked is the provider's gateway's word" in said


def test_without_a_registry_key_nothing_is_proved() -> None:
    assert refusal(evidence(), anchors(registry_keys=())).step == "configuration"
    stranger = SoftwareSigner.generate(Algorithm.EDDSA).public
    assert refusal(evidence(), anchors(registry_keys=(RegistryKey(stranger),))).step == "configuration"


def test_the_registry_of_another_instance_says_nothing_of_this_one() -> None:
    theirs = (RegistryKey(REGISTRY_ROOT.public, "CN"),)
    assert refusal(evidence(), anchors(registry_keys=theirs)).step == "configuration"


def test_a_key_without_an_instance_stands_for_the_one_of_the_file() -> None:
    proven(evidence(), anchors(registry_keys=(RegistryKey(REGISTRY_ROOT.public),)))


def test_a_key_without_an_instance_signs_for_no_second_one() -> None:
    """A registry's word on another's members is none, and of two keys nobody can tell whose is whose."""
    bare = RegistryKey(REGISTRY_ROOT.public)
    stranger = SoftwareSigner.generate(Algorithm.EDDSA)
    other = configuration_text.sign(
        REGISTRY_ROOT, configuration(instance="CN", members=(), consent_issuers=())
    )
    both = replace(evidence(), configurations=(*evidence().configurations, other))
    assert refusal(both, anchors(registry_keys=(bare,))).step == "configuration"
    forged = replace(evidence(), configurations=(configuration_text.sign(stranger, configuration()),))
    two = anchors(registry_keys=(bare, RegistryKey(stranger.public)))
    assert refusal(forged, two).step == "configuration"
    assert refusal(evidence(), two).step == "configuration"
    named = (RegistryKey(REGISTRY_ROOT.public, "PK"), RegistryKey(stranger.public, "CN"))
    proven(evidence(), anchors(registry_keys=named))


def test_a_quorum_of_witnesses_is_demanded() -> None:
    other = SoftwareSigner.generate(Algorithm.EDDSA)
    stranger = replace(WITNESS.key, name="other.example", public=other.public.x)
    assert refusal(evidence(), anchors(witnesses=(stranger,), quorum=1)).step == "log"
    assert refusal(evidence(), anchors(witnesses=(WITNESS.key, stranger), quorum=2)).step == "log"
    proven(evidence(), anchors(witnesses=(WITNESS.key, stranger), quorum=1))


def test_a_stamp_of_a_stranger_proves_no_time_but_is_not_looked_at_without_anchors() -> None:
    assert states(proven(evidence(), anchors(stampers=())))["time"] == "absent"


def test_a_stamp_by_another_policy_is_refused() -> None:
    assert refusal(evidence(), anchors(stamp_policies=frozenset({"1.2.3"}))).step == "time"
    proven(evidence(), anchors(stamp_policies=frozenset({"1.3.6.1.4.1.99999.1"})))


@pytest.mark.parametrize(("seconds", "is_good"), [(4 * 3600 - 1, True), (4 * 3600 + 1, False)])
def test_a_stamp_of_hours_later_proves_no_time(seconds: int, *, is_good: bool) -> None:
    """What is said to have been yesterday and is stamped today may have been made today."""
    found = proven(stamped_after(seconds))
    assert states(found)["time"] == ("proved" if is_good else "absent")
    assert (found.stamped_at is not None) is is_good
    assert is_good or any("hours after this is said to have been" in one for one in found.not_proved)


@pytest.mark.parametrize("place", [0, 1])
def test_a_stamp_from_after_a_partys_suspension_proves_no_time(place: int) -> None:
    def suspended(at: int) -> EvidenceFile:
        members = list(configuration().members)
        members[place] = replace(members[place], suspended_at=at)
        return configured(members=tuple(members))

    late = proven(suspended(SECONDS + 29))
    assert states(late)["time"] == "absent"
    assert any("was suspended when the log was stamped" in one for one in late.not_proved)
    assert states(proven(suspended(SECONDS + 32)))["time"] == "proved"


def test_a_key_that_was_withdrawn_proves_nothing_without_a_stamp_from_before() -> None:
    withdrawn = with_key_of(0, withdrawn_at=SECONDS + 29)
    found = proven(withdrawn)
    assert states(found)["request"] == states(found)["receipt"] == "absent"
    assert any("a thief may have" in one for one in found.not_proved)
    assert found.verdict is Verdict.PROVED, "the client's own gateway logged it as well"
    alone = replace(withdrawn, records=withdrawn.records[:1])
    assert (proven(alone).verdict, proven(alone).vouched) == (Verdict.ONE_SIDED, frozenset({Role.PROVIDER}))
    before = with_key_of(0, withdrawn_at=SECONDS + 32)
    assert states(proven(before))["request"] == "proved", "the stamp is older than the withdrawal"
    without = replace(before, records=(replace(before.records[0], stamp=None),))
    assert states(proven(without))["request"] == "absent"
    of_provider = with_key_of(1, withdrawn_at=SECONDS + 29)
    assert states(proven(of_provider))["response"] == "absent"


def test_a_newer_configuration_in_the_file_tells_of_a_withdrawal_too() -> None:
    newer = with_key_of(0, withdrawn_at=SECONDS + 20, version=9, issued_at=SECONDS + 20)
    both = replace(newer, configurations=(*evidence().configurations, *newer.configurations))
    assert states(proven(both))["request"] == "absent"


def test_what_the_file_leaves_out_the_verifiers_own_configuration_tells() -> None:
    """Whoever has a withdrawn key dates back, and puts an old configuration into the file alone."""
    newer = with_key_of(0, withdrawn_at=SECONDS + 20, version=9, issued_at=SECONDS + 20).configurations
    alone = replace(evidence(), records=(replace(evidence().records[0], stamp=None),))
    assert proven(alone).verdict is Verdict.PROVED
    found = proven(alone, anchors(configurations=newer))
    assert states(found)["request"] == states(found)["receipt"] == "absent"
    assert found.verdict is Verdict.ONE_SIDED
    assert "2 configuration(s) were signed by a registry that you trust, 1 of them your own" in found.proved


def without_gateway(place: int, **changes: object) -> EvidenceFile:
    """The evidence, with a configuration from which a member's gateway was taken out."""
    members = list(configuration().members)
    members[place] = replace(members[place], gateways=())
    return configured(members=tuple(members), **changes)


def test_a_key_that_left_before_it_ran_out_proves_nothing_without_a_stamp_from_before() -> None:
    """Of a stolen machine all keys leave at once; those that ran out leave a day later (membership.prune)."""
    alone = replace(evidence(), records=(replace(evidence().records[0], stamp=None),))
    taken_out = without_gateway(0, version=9, issued_at=SECONDS + 40).configurations
    found = proven(alone, anchors(configurations=taken_out))
    assert states(found)["request"] == states(found)["receipt"] == "absent"
    assert states(proven(evidence(), anchors(configurations=taken_out)))["request"] == "proved", (
        "stamped before"
    )
    ends = configuration().members[0].gateways[0].keys[0].not_after
    much_later = without_gateway(0, version=9, issued_at=ends, expires=ends + 900).configurations
    assert states(proven(alone, anchors(configurations=much_later)))["request"] == "proved"
    earlier = without_gateway(0, version=1, issued_at=SECONDS - 9000, expires=SECONDS + 900).configurations
    assert states(proven(alone, anchors(configurations=earlier)))["request"] == "proved", "it joined later"


def test_a_verifiers_own_configuration_is_signed_by_the_registry_as_well() -> None:
    other = configuration_text.sign(SoftwareSigner.generate(Algorithm.EDDSA), configuration())
    assert refusal(evidence(), anchors(configurations=(other,))).step == "configuration"


def test_what_is_demanded_is_proved_or_named() -> None:
    unstamped = proven(evidence(is_stamped=False))
    demanded = (StepName.TIME, StepName.BODIES, StepName.REQUEST, StepName.RECEIPT)
    assert unstamped.lacking(demanded) == (StepName.TIME, StepName.BODIES)
    assert proven(evidence()).lacking(demanded[:1]) == ()
    assert unstamped.lacking(()) == ()


def test_a_log_does_not_witness_itself() -> None:
    """Whoever keeps a log has the keys of its gateway's witness too; those of the other party's are others."""
    own, other = (
        Ed25519NoteSigner(f"log.example/{one}/witness", KEYS_OF_WITNESSES[one], KIND) for one in CODES
    )
    disguised = Ed25519NoteSigner("court.example", KEYS_OF_WITNESSES["1001"], KIND)
    members = tuple(
        replace(member, gateways=tuple(with_witness(one, key) for one in member.gateways))
        for member, key in zip(configuration().members, (other.key, own.key), strict=True)
    )
    for witness, is_good in ((own, False), (disguised, False), (other, True)):
        entry = evidence().records[0].logged.record
        into, _ = logged(log_of("1001"), [entry], 0, witnesses=(witness,))
        file = replace(
            only_provider(logged=into, stamp=None, receipts=()),
            configurations=configured(members=members).configurations,
        )
        trusted = anchors(witnesses=(witness.key,), quorum=0)
        assert states(proven(file, trusted))["witnesses"] == ("proved" if is_good else "absent")
        if not is_good:
            assert refusal(file, replace(trusted, quorum=1)).step == "log"


def test_a_small_file_does_not_become_much_in_memory() -> None:
    """Millions of empty lists where four records may be; and configurations that no registry signed."""
    many = b'{"format":"ndel-evidence-1","request_id":"x","records":[' + b"[]," * 60_000 + b"[]]}"
    with pytest.raises(EvidenceRefused, match="commas and brackets"):
        verify_evidence(many, anchors())
    stranger = SoftwareSigner.generate(Algorithm.EDDSA)
    junk = jws.sign(stranger, {"typ": "ndel-configuration+jwt"}, b"[" * 1000)
    file = replace(evidence(), configurations=(junk,))
    assert "signed this configuration" in str(refusal(file)), "it is not read before"


def test_a_consent_that_no_record_names_is_not_taken_along() -> None:
    kept = evidence(is_consented=False).records[0]
    assert kept.particulars is not None
    slipped = replace(kept.particulars, consent=consent_token.sign(ISSUER_KEY, consent()))
    file = replace(evidence(is_consented=False), records=(replace(kept, particulars=slipped),))
    assert refusal(file).step == "consent"


def test_a_stamp_from_before_the_exchange_contradicts_the_record() -> None:
    kept = evidence().records[0]
    _, note = logged(log_of("1001"), [kept.logged.record], 0)
    into, _ = logged(log_of("1001"), [kept.logged.record], 0)
    early = replace(kept, logged=into, stamp=stamp(note, seconds=-600), receipts=())
    assert refusal(replace(evidence(), records=(early,))).step == "time"


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"purpose": "audit"}, "request"),
        ({"configuration_version": 8}, "request"),
        ({"message_id": "another"}, "request"),
        ({"operation": "POST /v1/persons/{id}"}, "request"),
        ({"request_digest": "sha-256=:AAAA:"}, "request"),
        ({"request_base": bytes(32)}, "request"),
        ({"consent_digest": None, "consent_id": None}, "request"),
        ({"status": 404}, "response"),
        ({"response_digest": "sha-256=:AAAA:"}, "response"),
        ({"response_base": bytes(32)}, "response"),
        ({"request_hash": "x"}, "response"),
        ({"consent_id": "c-2"}, "consent"),
        ({"began": (SECONDS + 4000) * 1000, "ended": (SECONDS + 4000) * 1000}, "time"),
    ],
)
def test_a_gateway_that_logs_something_else_than_was_signed_is_found_out(
    changes: dict[str, Any], step: str
) -> None:
    """Its own log, its own checkpoint, its own stamp: the other party's signature tells."""
    assert refusal(relogged(evidence(), **changes)).step == step


def test_a_gateway_may_log_what_it_likes_of_what_nobody_signed() -> None:
    """The template of the operation is the provider's own; it is proved to be what its log says, no more."""
    proven(relogged(evidence(), operation="GET /v2/other/{id}"))


def test_a_member_that_is_not_in_the_configuration_has_asked_nothing() -> None:
    assert refusal(configured(members=configuration().members[1:])).step == "configuration"


def test_a_member_that_was_suspended_then_has_asked_nothing() -> None:
    def suspended(at: int) -> EvidenceFile:
        first, second = configuration().members
        return configured(members=(replace(first, suspended_at=at), second))

    assert refusal(suspended(SECONDS - 10)).step == "configuration"
    proven(suspended(SECONDS + 10))


@pytest.mark.parametrize(
    ("changes", "is_good"),
    [
        ({"withdrawn_at": SECONDS - 10}, False),
        ({"withdrawn_at": SECONDS + 10}, True),
        ({"not_after": SECONDS - 121}, False),
        ({"not_before": SECONDS + 121}, False),
        ({"not_before": SECONDS + 119}, True),
    ],
)
def test_a_key_signs_only_while_it_is_in_force(changes: dict[str, Any], *, is_good: bool) -> None:
    first, second = configuration().members
    (gateway,) = first.gateways
    key = replace(gateway.keys[0], **changes)
    file = configured(members=(replace(first, gateways=(replace(gateway, keys=(key,)),)), second))
    if is_good:
        proven(file)
    else:
        assert refusal(file).step == "request"


def test_a_configuration_of_another_time_does_not_count() -> None:
    assert refusal(configured(issued_at=SECONDS + 200, expires=SECONDS + 900)).step == "configuration"
    assert refusal(configured(issued_at=SECONDS - 9000, expires=SECONDS - 200)).step == "configuration"


def test_a_log_of_another_gateway_is_not_this_ones() -> None:
    kept = evidence().records[0]
    into, _ = logged(log_of("2002"), [kept.logged.record], 0)
    assert refusal(only_provider(logged=into, stamp=None, receipts=())).step == "log"


def test_post_quantum_is_demanded_where_the_verifier_says_so() -> None:
    proven(evidence(), anchors(is_post_quantum=True))
    log = log_of("1001")
    kept = evidence().records[0]
    into, _ = logged(replace(log, ml_dsa=log.ed25519), [kept.logged.record], 0)  # type: ignore[arg-type]
    weak = only_provider(logged=into, stamp=None, receipts=())
    proven(weak)
    assert refusal(weak, anchors(is_post_quantum=True)).step == "log"


def test_bodies_are_held_against_what_was_signed() -> None:
    file = evidence(is_consented=False, body=BODY)
    without = proven(file)
    assert states(without)["request-hash"] == "absent", "the body takes part in the hash"
    assert "bodies" not in states(without)
    found = proven(file, bodies=Bodies(BODY, b'{"status":"good"}'))
    assert states(found)["request-hash"] == "proved"
    assert states(found)["bodies"] == "proved"
    assert refusal(file, bodies=Bodies(request=b"another")).step in {"request-hash", "bodies"}
    assert refusal(file, bodies=Bodies(response=b"another")).step == "bodies"


def test_header_lines_that_were_not_hashed_are_refused() -> None:
    kept = evidence().records[0]
    assert kept.particulars is not None
    other = replace(kept.particulars, header_part=kept.particulars.header_part.replace(b"json", b"text"))
    assert refusal(only_provider(particulars=other)).step == "request-hash"


@pytest.mark.parametrize(
    "changes",
    [{"consumer": "PK/COM/2002/cards"}, {"purposes": frozenset({"audit"})}, {"expires": SECONDS - 99}],
)
def test_a_consent_that_does_not_cover_the_exchange_is_refused(changes: dict[str, Any]) -> None:
    """Its issuer signed it, the consumer sent it along, the provider relied on it: and yet it is another one."""
    changes = {**changes}
    if "consumer" in changes:
        changes["consumer"] = read_client(changes["consumer"])
    other = consent(**changes)
    text = consent_token.sign(ISSUER_KEY, other)
    kept = evidence().records[0]
    assert kept.particulars is not None
    # Only what names the consent by its hash is changed: what was signed is erased, so that nothing else tells.
    file = relogged(evidence(), consent_digest=digest_of(text))
    base = kept.particulars.request_base
    line = next(one for one in base.split("\n") if one.startswith('"ndel-consent"'))
    forged = base.replace(line, f'"ndel-consent": {text}')
    particulars = replace(kept.particulars, consent=text, request_base=forged)
    file = replace(file, records=(replace(file.records[0], particulars=particulars),))
    assert refusal(file).step == "request", "the consumer's gateway signed with another consent"


def test_records_of_two_exchanges_do_not_agree() -> None:
    first, second = evidence(), evidence(is_consented=False)
    mixed = replace(first, records=(first.records[0], second.records[1]))
    assert refusal(mixed).step in {"record", "agreement"}


def test_two_gateways_that_tell_of_different_answers_do_not_agree() -> None:
    whole = evidence()
    consumer = replace(record_of(whole.records[1]), status=403)
    into, _ = logged(log_of("2002"), [encode_entry(consumer)], 0)
    other = KeptEvidence(into)
    assert refusal(replace(whole, records=(whole.records[0], other))).step == "agreement"


def test_a_receipt_for_another_exchange_is_none() -> None:
    other = evidence(is_consented=False).records[0].receipts
    assert refusal(only_provider(receipts=other)).step == "receipt"


def test_every_step_rests_on_a_clause_and_a_refusal_names_it() -> None:
    assert set(CLAUSES) == set(StepName)
    refused = refusal(evidence(), anchors(registry_keys=()))
    assert refused.clause == step_clause(StepName.CONFIGURATION)
    assert refused.clause in refused.message
    assert all(step.state in StepState for step in proven(evidence()).steps)


def test_the_version_that_the_request_names_is_taken_before_a_newer_one() -> None:
    newer: Configuration = configuration(version=9, members=configuration().members[1:])
    both = (*evidence().configurations, configuration_text.sign(REGISTRY_ROOT, newer))
    proven(replace(evidence(), configurations=both))


def test_a_named_version_that_did_not_know_the_client_gives_way_to_one_that_did() -> None:
    """The version is the client's gateway's word: a lie in it must not make its own request deniable."""
    named = configuration(version=record_of(evidence().records[0]).configuration_version)
    ignorant = replace(named, members=tuple(one for one in named.members if one.id.member_code != "2002"))
    newer = replace(configuration(), version=named.version + 1)
    texts = tuple(configuration_text.sign(REGISTRY_ROOT, one) for one in (ignorant, newer))
    assert proven(replace(evidence(), configurations=texts)).verdict is Verdict.PROVED
    assert refusal(replace(evidence(), configurations=texts[:1])).step == "configuration"


def verdict(raw: bytes, trusted: Anchors) -> dict[str, Any]:
    """What our verifier says, in the words of the second one."""
    try:
        found = verify_evidence(raw, trusted)
    except EvidenceRefused:
        return {"verdict": "refused"}
    steps = [{"record": one.record, "step": one.name.value, "state": one.state.value} for one in found.steps]
    return {"verdict": found.verdict.value, "steps": steps}


def test_whatever_is_altered_is_refused_and_what_is_taken_away_is_not_proved() -> None:
    whole = verdict(written(), anchors())
    proved = sum(step["state"] == "proved" for step in whole["steps"])
    assert verdict(written(), anchors()) == whole
    for name, raw in damages():
        found = verdict(raw, anchors())
        if "gone" not in name:
            assert found == {"verdict": "refused"}, name
        elif found["verdict"] != "refused":
            assert sum(step["state"] == "proved" for step in found["steps"]) <= proved, name
            assert found != whole or name == "('records', 1, 'particulars', 'consent') gone"


def test_nothing_but_a_refusal_or_a_proof_ever_comes_out() -> None:
    raw = written()
    for place in range(0, len(raw), 601):
        for other in (0, 255, ord('"'), ord("9")):
            damaged = raw[:place] + bytes([other]) + raw[place + 1 :]
            if damaged != raw:
                assert verdict(damaged, anchors())["verdict"] in {"refused", "proved"}
    assert verdict(b"", anchors()) == {"verdict": "refused"}


def test_a_file_is_read_again_as_it_was_written() -> None:
    assert evidence_file.decode(written()) == evidence()
    assert exchanged().request_id == evidence().request_id
    assert base64url.encode(REGISTRY_ROOT.public.x)
