"""SD-JWT files, and trust lists that may not be accepted."""

from rahdari.wire import jws, strict_json
from tests.conformance.verifier.case import Case, base64url_of
from tests.conformance.verifier.workshop import (
    DAY,
    GOOD_PLACE,
    ISSUER,
    NOW,
    PASS_ED,
    PREFIX,
    STRANGER,
    SUSPENDED_PLACE,
    content,
    issue,
    trust_text,
)

LANGUAGES: dict[str, object] = {"name": "N", "name#ur": "ن", "name#zh": "样", "name#": "again"}
OF_NOBODY = '["salt","name","Sample"]'


def wallets() -> list[Case]:
    whole = issue(content(), "sd-jwt-vc")
    token, *shown = whole.rstrip("~").split("~")
    few = "~".join((token, *shown[:3], ""))
    return [
        Case("wallet_shows_a_part", few, "valid"),
        Case("wallet_shows_nothing", f"{token}~", "valid"),
        Case("wallet_suspended", issue(content(place=SUSPENDED_PLACE), "sd-jwt-vc"), "suspended", 14),
        Case("wallet_altered_payload", _signed_other(token) + "~", "tampered", 7),
        Case("wallet_disclosure_twice", "~".join((token, shown[0], shown[0], "")), "malformed", 2),
        Case(
            "wallet_disclosure_of_another",
            f"{token}~{base64url_of(OF_NOBODY)}~",
            "malformed",
            2,
        ),
        Case("wallet_disclosure_with_padding", f"{token}~{shown[0]}=~", "malformed", 2),
        Case("wallet_bound", _wallet(cnf={"jwk": STRANGER.public.as_jwk()}), "malformed", 2),
        Case(
            "wallet_bound_to_another_curve",
            _wallet(cnf={"jwk": {"kty": "EC", "crv": "P-384"}}),
            "malformed",
            3,
        ),
        Case("wallet_key_binding_behind_it", f"{token}~{token}", "malformed", 2),
        Case("wallet_other_typ", _wallet(header={"typ": "jwt"}), "malformed", 2),
        Case("wallet_digest_of_another_sort", _wallet(_sd_alg="sha-512"), "malformed", 3),
        Case("wallet_critical_header", _wallet(header={"crit": ["x"], "x": 1}), "malformed", 2),
        Case("wallet_two_members_of_one_name", _wallet_raw(b'{"iss":"a","iss":"b"}'), "malformed", 2),
        Case("wallet_lone_surrogate", _wallet_raw(b'{"vct":"\\ud800"}'), "malformed", 2),
        Case("wallet_time_with_a_fraction", _wallet(exp=NOW + 0.5), "malformed", 2),
        Case("wallet_type_of_no_product", _wallet(vct="https://types.example/1"), "malformed", 2),
        Case("wallet_expired", _wallet(exp=NOW - 1), "expired", 12),
        Case("wallet_hand_made", _wallet(), "valid"),
        Case("wallet_white_space_around", f" \n{whole}\n", "valid"),
        Case(
            "wallet_many_languages",
            _wallet(header=None, **LANGUAGES),
            "valid",
        ),
    ]


def _signed_other(token: str) -> str:
    """The same signature under a payload that says something else."""
    head, _, signature = token.split(".")
    other = jws.decode(_wallet().split("~")[0])
    return ".".join((head, base64url_of(other.payload.decode()), signature))


def _wallet(header: dict[str, object] | None = None, **changes: object) -> str:
    claims: dict[str, object] = {
        "iss": ISSUER, "vct": "urn:rahdari:nic:1", "iat": NOW - DAY, "exp": NOW + DAY, "birthdate": "1990-02-28",
        "status": {"status_list": {"idx": GOOD_PLACE, "uri": f"{PREFIX}1"}}, "gender": "other", "marks": ["senior"],
    }  # fmt: skip
    return _wallet_raw(strict_json.encode(claims | changes), header)


def _wallet_raw(payload: bytes, header: dict[str, object] | None = None) -> str:
    return jws.sign(PASS_ED, {"typ": "dc+sd-jwt", **(header or {})}, payload) + "~"


def contexts_refused() -> list[Case]:
    """Trust lists that may not be accepted; the code of the refusal stands in the place of a verdict."""
    text = trust_text()
    head, body, signature = text.split(".")
    other = trust_text(sequence=7).split(".")[1]
    none = base64url_of('{"alg":"none","typ":"rahdari-trust-list+jwt"}')
    return [
        Case(
            "trust_of_a_stranger",
            issue(content()),
            "credentials.trust_unsigned",
            changes={"trust": trust_text(root=STRANGER)},
        ),
        Case(
            "trust_rolled_back",
            issue(content()),
            "credentials.trust_rolled_back",
            changes={"held_sequence": 6},
        ),
        Case(
            "trust_expired",
            issue(content()),
            "credentials.trust_expired",
            changes={"trust": trust_text(expires=NOW)},
        ),
        Case(
            "trust_without_signature",
            issue(content()),
            "credentials.trust_unsigned",
            changes={"trust": f"{none}.{body}."},
        ),
        Case(
            "trust_altered",
            issue(content()),
            "credentials.trust_unsigned",
            changes={"trust": f"{head}.{other}.{signature}"},
        ),
        Case(
            "trust_of_another_sort",
            issue(content()),
            "wire.malformed",
            changes={"trust": issue(content(), "sd-jwt-vc").split("~")[0]},
        ),
    ]
