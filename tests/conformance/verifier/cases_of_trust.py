"""Who may have signed what, and when it holds: steps 5 and 7 to 12."""

from rahdari.wire import base45, cbor
from tests.conformance.verifier.case import Case, bare, message, other_house
from tests.conformance.verifier.workshop import (
    ALIASED,
    DAY,
    NOW,
    OTHER,
    PASS_ES,
    ROTATED,
    STATUS,
    STRANGER,
    WITHDRAWN,
    YEAR,
    content,
    forge,
    issue,
    pack,
    usual_claims,
)


def signers() -> list[Case]:
    whole = issue(content("nic"), compression="none")
    return [
        Case("step_05_unknown_key", issue(content(), signer=STRANGER), "unknown_issuer", 5),
        Case(
            "step_05_no_kid_unknown_issuer",
            _without_kid(usual_claims(k1="https://nobody.example")),
            "unknown_issuer",
            5,
        ),
        Case("no_kid_known_issuer", _without_kid(usual_claims()), "valid"),
        Case(
            "step_07_wrong_kid",
            forge(usual_claims(), signer=STRANGER, protected={4: PASS_ES.public.kid}),
            "tampered",
            7,
        ),
        Case("step_07_altered", _altered(whole), "tampered", 7),
        Case(
            "step_07_short_signature", pack(message()[:-66] + b"\x58\x3f" + message()[-64:-1]), "tampered", 7
        ),
        Case(
            "colliding_kids_the_second_signed",
            forge(usual_claims(), signer=ALIASED, protected={4: PASS_ES.public.kid}),
            "valid",
        ),
        Case("step_08_issuer_of_another_key", forge(usual_claims(k1=OTHER)), "unknown_issuer", 8),
        Case("step_08_no_issuer", forge(usual_claims(k1=None)), "unknown_issuer", 8),
        Case("step_09_withdrawn_key", issue(content(), signer=WITHDRAWN), "unknown_issuer", 9),
        Case("step_09_status_key", issue(content(), signer=STATUS), "unknown_issuer", 9),
        Case("step_09_issued_after_the_window", issue(content(), signer=ROTATED), "unknown_issuer", 9),
        Case("step_09_no_time_of_issue", forge(usual_claims(k6=None)), "unknown_issuer", 9),
        Case(
            "rotated_key_within_its_window",
            issue(content(issued_at=NOW - YEAR - DAY, not_before=NOW - YEAR), signer=ROTATED),
            "valid",
        ),
        Case("step_10_product_of_no_list", forge(usual_claims(k169={75: "visa/1"})), "unknown_issuer", 10),
        Case("step_10_product_of_another", other_house("nic/1"), "unknown_issuer", 10),
        Case("step_10_bare_claim_169", forge(usual_claims(k169={1: "1"})), "unknown_issuer", 10),
        Case("bare_claim_169_of_one_who_may", bare(None), "valid"),
    ]


def _without_kid(claims: dict[int | str, object]) -> str:
    header = b"\xa1\x01\x26"
    payload = cbor.encode(claims)
    structure = b"\x84\x6aSignature1\x43" + header + b"\x40" + cbor.encode_bytes_head(len(payload)) + payload
    message = (
        b"\xd2\x84\x43"
        + header
        + b"\xa0"
        + cbor.encode_bytes_head(len(payload))
        + payload
        + b"\x58\x40"
        + PASS_ES.sign(structure)
    )
    return pack(message)


def _altered(text: str) -> str:
    return base45.encode(base45.decode(text).replace(b"Sample Person", b"Simple Person"))


def terms() -> list[Case]:
    early = content(not_before=NOW + 61)
    return [
        Case("step_11_not_yet", issue(early), "not_yet_valid", 11),
        Case("begins_within_the_skew", issue(content(not_before=NOW + 60)), "valid"),
        Case("step_11_issued_in_the_future", forge(usual_claims(k5=None, k6=NOW + 100)), "not_yet_valid", 11),
        Case("step_12_expired", issue(content(expires=NOW - 1)), "expired", 12),
        Case("step_12_at_its_last_second", issue(content(expires=NOW)), "expired", 12),
        Case("ends_in_a_second", issue(content(expires=NOW + 1)), "valid"),
        Case("never_ends", issue(content(expires=None)), "valid"),
        Case("clock_far_behind", issue(content()), "not_yet_valid", 11, at=NOW - 31 * DAY),
    ]
