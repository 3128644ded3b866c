"""What a verifier reads, steps 1 to 3 and 6: every dialect, and what none may accept."""

import cbor2

from rahdari.wire import cbor, cose
from rahdari.wire.compression import Compression
from rahdari.wire.keys import Signer
from tests.conformance.verifier.case import Case, message, place
from tests.conformance.verifier.workshop import (
    ALIAS,
    DAY,
    ISSUER,
    NOW,
    OTHER,
    OTHER_PASS,
    PASS_ED,
    PASS_ES,
    PHOTO,
    POLICY,
    PREFIX,
    PRODUCTS,
    content,
    forge,
    issue,
    pack,
    usual_claims,
)


def good() -> list[Case]:
    made = []
    for product in PRODUCTS:
        for name, signer in (("es256", PASS_ES), ("eddsa", PASS_ED)):
            made.append(Case(f"good_qr_{product}_{name}", issue(content(product), signer=signer), "valid"))
            made.append(
                Case(
                    f"good_wallet_{product}_{name}",
                    issue(content(product), "sd-jwt-vc", signer=signer),
                    "valid",
                )
            )
    return made


def dialects() -> list[Case]:
    made = [
        Case(f"dialect_{profile}_{packing}", issue(content(), profile=profile, compression=packing), "valid")
        for profile in ("mosip", "map")
        for packing in ("zlib", "brotli", "none")
    ]
    keys = usual_claims()[169]
    assert isinstance(keys, dict)
    faces = keys | {62: [{0: PHOTO[:10], 3: "maker"}, {0: b"second"}]}
    old_photo = {key: value for key, value in keys.items() if key != 62} | {16: PHOTO[:20], 17: 1}
    words = keys | {
        9: " Female ",
        8: "1990-02-28",
        20: "zho",
        19: "样本",
        14: 2,
        18: [1, 0, 10],
        99: {"any": [1.5, None]},
    }
    return [
        *made,
        Case("dialect_untagged", forge(usual_claims(), tags=()), "valid"),
        Case("dialect_unprotected_kid", forge(usual_claims(), kid_protected=False), "valid"),
        Case("dialect_faces_in_a_list", forge(usual_claims(k169=faces)), "valid"),
        Case("dialect_photo_of_keys_16_and_17", forge(usual_claims(k169=old_photo)), "valid"),
        Case("dialect_words_for_numbers", forge(usual_claims(k169=words)), "valid"),
        Case(
            "dialect_fractions_of_seconds",
            forge(usual_claims(k4=NOW + 0.5, k6=NOW - 10.5, k5=None)),
            "expired",
            12,
            at=NOW,
        ),
        Case("dialect_fully_specified_algorithm", _with_algorithm(-9, PASS_ES), "valid"),
        Case("dialect_strays_around_it", "\r\n" + issue(content()) + "\r\n\t", "valid"),
        Case("dialect_spaces_around_it", "  " + issue(content()) + " ", "valid"),
        Case("dialect_indefinite_lengths", forge(bytes.fromhex("bf") + _claims_body() + b"\xff"), "valid"),
        Case("dialect_numbers_longer_than_need_be", forge(_long_numbers()), "valid"),
        Case("dialect_alias_of_another_house", _aliased(), "valid", shared="not_asked"),
    ]


def _claims_body() -> bytes:
    payload = cose.decode(message()).payload
    assert payload[0] == 0xA6
    return payload[1:]


def _long_numbers() -> bytes:
    payload = cbor.encode(usual_claims())
    return b"\xb8\x06\x18\x01" + payload[2:]


def _with_algorithm(number: int, signer: Signer) -> str:
    """A message whose header names ``number``, rightly signed by ``signer``."""
    return forge(usual_claims(), signer=signer, protected={1: number})


def _aliased() -> str:
    claims = usual_claims(k1=OTHER, k169={1: "1", 75: "poc/1"}, k65535=None)
    return forge(claims, signer=OTHER_PASS, protected={4: ALIAS})


def unreadable() -> list[Case]:
    whole = issue(content())
    bomb = pack(b"\xd2\x84" + bytes(1 << 16))
    return [
        Case("step_01_empty", "", "malformed", 1),
        Case("step_01_prose", "this is a sentence, not a pass", "malformed", 1),
        Case("step_01_too_long", "A" * 65_537, "malformed", 1),
        Case(
            "step_01_feature_not_accepted",
            whole,
            "malformed",
            1,
            changes={"policy": POLICY | {"features": ["sd-jwt-vc"]}},
        ),
        Case("step_02_too_long_for_a_code", whole + "0" * (4400 - len(whole)), "malformed", 2),
        Case("step_02_small_letter", whole[:40] + "a" + whole[41:], "malformed", 2),
        Case("step_02_group_too_large", whole[:30] + ":::" + whole[33:], "malformed", 2),
        Case("step_02_cut", whole[:-30], "malformed", 2),
        Case("step_02_zlib_bomb", bomb, "malformed", 2),
        Case("step_02_brotli_bomb", pack(b"\xd2\x84" + bytes(1 << 16), Compression.BROTLI), "malformed", 2),
        Case("step_02_health_certificate", "HC1:" + whole, "malformed", 2),
        Case("step_02_bytes_behind_the_message", pack(message() + b"\x00"), "malformed", 2),
        Case("step_02_encrypted", pack(b"\xd0" + message()[1:]), "malformed", 2),
        Case("step_02_no_claim_169", forge(usual_claims(k169=None)), "malformed", 2),
        Case(
            "step_02_null_issuer",
            forge(cbor.encode(usual_claims()).replace(b"\x01\x78\x19" + ISSUER.encode(), b"\x01\xf6")),
            "malformed",
            2,
        ),
        Case("step_02_duplicate_claim", forge(b"\xa7\x06\x00" + _claims_body()), "malformed", 2),
        Case(
            "readers_unknown_keys_of_every_sort",
            forge(usual_claims(k169={1: "1", 75: "nic/1", 90: {1: 0, 1.5: 0, b"1": 0}}) | {"x": 1}),
            "valid",
        ),
        Case("step_02_tag_in_claims", forge(usual_claims(k169={1: "1", 90: _tagged()})), "malformed", 2),
        Case("step_02_deep", forge(usual_claims(k169={1: "1", 90: _nested(20)})), "malformed", 2),
        Case("step_02_text_key", forge(usual_claims(k169={"1": "1"})), "malformed", 2),
        Case("step_02_date_that_is_none", forge(usual_claims(k169={8: "19900229"})), "malformed", 2),
        Case(
            "step_02_status_without_index",
            forge(usual_claims(k65535={"status_list": {"uri": f"{PREFIX}1"}})),
            "malformed",
            2,
        ),
        Case("step_02_time_beyond_the_calendar", forge(usual_claims(k4=253_402_300_800)), "malformed", 2),
        Case("step_02_critical_header", forge(usual_claims(), protected={2: [99], 99: 1}), "malformed", 2),
        Case("step_02_detached", pack(_cbor_message(payload=None)), "malformed", 2),
    ]


def _tagged() -> object:
    return cbor2.CBORTag(1, 5)


def _nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def _cbor_message(*, payload: object) -> bytes:
    head = cbor.encode({1: -7, 4: PASS_ES.public.kid})
    return cbor2.dumps(cbor2.CBORTag(18, [head, {}, payload, bytes(64)]))


def disagreeing() -> list[Case]:
    """What careless readers read differently."""
    lone = cbor.encode(usual_claims())
    return [
        Case(
            "readers_text_not_utf8",
            forge(lone.replace(b"Sample Person", b"Sample\xffPerson")),
            "malformed",
            2,
        ),
        Case(
            "readers_surrogate_in_text",
            forge(lone.replace(b"Sample Person", b"Samp\xed\xa0\x80erson")),
            "malformed",
            2,
        ),
        Case(
            "readers_index_true",
            forge(usual_claims(k65535={"status_list": {"idx": True, "uri": f"{PREFIX}1"}})),
            "malformed",
            2,
        ),
        Case("readers_index_beyond_the_list", forge(usual_claims(k65535=place(1 << 31))), "stale", 13),
        Case("readers_index_beyond_32_bits", forge(usual_claims(k65535=place(1 << 32))), "malformed", 2),
        Case(
            "readers_version_of_seven_digits", forge(usual_claims(k169={75: "nic/1000000"})), "malformed", 2
        ),
        Case(
            "readers_header_of_no_bytes",
            pack(b"\xd2\x84\x40\xa0\x41\xa0\x58\x40" + bytes(64)),
            "malformed",
            3,
        ),
    ]


def algorithms() -> list[Case]:
    only = POLICY | {"algorithms": ["EdDSA"]}
    return [
        Case("step_03_es384", forge(usual_claims(), protected={1: -35}), "malformed", 3),
        Case("step_03_algorithm_as_text", forge(usual_claims(), protected={1: "ES256"}), "malformed", 3),
        Case("step_03_not_in_the_policy", issue(content()), "malformed", 3, changes={"policy": only}),
        Case("step_03_before_the_claims", forge(b"\xff", protected={1: -37}), "malformed", 3),
        Case("step_03_jws_without_signature", "eyJhbGciOiJub25lIn0.e30.AA~", "malformed", 3),
        Case("step_04_trust_list_expired", issue(content()), "stale", 4, at=NOW + 31 * DAY),
        Case("step_06_another_algorithm", _with_algorithm(-8, PASS_ES), "tampered", 6),
    ]
