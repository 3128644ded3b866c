"""The verification of a pass: one function, numbered steps, each with its clause.

``verify`` raises a ``PassRefused`` or returns a ``Verified``. ``examine`` tells the same as a ``Report``:
the verdict, as of when, what was checked, and the claims only if everything held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from rahdari.credentials.errors import (
    Expired,
    LockedByHolder,
    Malformed,
    NotYetValid,
    PassRefused,
    Revoked,
    Stale,
    Suspended,
    Tampered,
    UnknownIssuer,
)
from rahdari.credentials.policy import VerificationPolicy
from rahdari.credentials.ports.feature import Feature
from rahdari.credentials.ports.status import StatusView
from rahdari.credentials.rules.trust import Candidate, Trust, is_trusted
from rahdari.credentials.values.cards import Standing
from rahdari.credentials.values.keys import KeyUse
from rahdari.credentials.values.passes import (
    Check,
    Outcome,
    Report,
    UnverifiedPass,
    VerdictKind,
    Verified,
)
from rahdari.credentials.values.status import StatusAnswer
from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.frozen import quick

# A version 40 QR code holds 4296 alphanumeric characters; a wallet file with a photograph some 12 KB. What is
# longer than this is no pass, and is refused before anything looks at it.
INPUT_CHARS_MAX = 65_536

_STEPS = (
    ("input is of an accepted feature and size", "ISO/IEC 18004, 7.4.4; RFC 9901, 4"),
    ("encoding is well formed", "RFC 9285, 4; RFC 8949, 5.3.1; RFC 9052, 4.2; RFC 9901, 7.1"),
    ("algorithm is accepted", "RFC 9052, 3.1; RFC 8725, 3.1"),
    ("trust list is in force", "The Update Framework, 5.3"),
    ("a trusted key is named", "RFC 9052, 3.1 (kid)"),
    ("algorithm is the key's own", "RFC 9053, 2.1; RFC 8725, 3.1"),
    ("signature is right", "RFC 9052, 4.4; RFC 7515, 5.2"),
    ("issuer is the key's owner", "RFC 8392, 3.1.1; RFC 7519, 4.1.1"),
    ("key was in its window and is not withdrawn", "trust list of the authority"),
    ("issuer may issue this product", "trust list of the authority"),
    ("validity has begun", "RFC 8392, 3.1.5; RFC 7519, 4.1.5"),
    ("validity has not ended", "RFC 8392, 3.1.4; RFC 7519, 4.1.4"),
    ("status is known and fresh", "Token Status List draft, 8.3"),
    ("status is good", "Token Status List draft, 7.1"),
)


def _checks(passed: int, at_fault: Outcome) -> tuple[Check, ...]:
    """The table with the first ``passed`` steps passed, the next one ``at_fault``, the rest not reached."""
    outcomes = [Outcome.PASSED] * passed + [at_fault] + [Outcome.NOT_REACHED] * len(_STEPS)
    return tuple(
        Check(number, name, clause, outcome)
        for number, ((name, clause), outcome) in enumerate(zip(_STEPS, outcomes, strict=False), 1)
    )


_ALL_PASSED = _checks(len(_STEPS), Outcome.PASSED)
_STATUS_NOT_ASKED = (
    *_ALL_PASSED[:12],
    *(Check(one.number, one.name, one.clause, Outcome.NOT_ASKED) for one in _ALL_PASSED[12:]),
)
_FAILED = tuple(_checks(step, Outcome.FAILED) for step in range(len(_STEPS)))

_VERDICTS = MappingProxyType(
    {
        Malformed: VerdictKind.MALFORMED,
        Tampered: VerdictKind.TAMPERED,
        UnknownIssuer: VerdictKind.UNKNOWN_ISSUER,
        Expired: VerdictKind.EXPIRED,
        NotYetValid: VerdictKind.NOT_YET_VALID,
        Suspended: VerdictKind.SUSPENDED,
        LockedByHolder: VerdictKind.LOCKED,
        Revoked: VerdictKind.REVOKED,
        Stale: VerdictKind.STALE,
    },
)


class _Fault(NamedTuple):
    step: int
    refusal: PassRefused
    as_of: datetime | None = None


class _Stopped(Exception):
    def __init__(self, fault: _Fault) -> None:
        super().__init__(fault.step)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Everything a verification stands on.

    ``statuses`` None asks no status: no verdict ``valid`` then speaks of suspension, and the checks say
    "not asked"; only benchmarks and forensics want that.
    """

    features: Sequence[Feature]
    trust: Trust
    policy: VerificationPolicy
    statuses: StatusView | None


def verify(raw: str, *, by: Verifier, at: datetime) -> Verified:
    """Verify a pass as it stands at the instant ``at``, or refuse it.

    Raises:
        PassRefused: its leaf is the verdict: Malformed, Tampered, UnknownIssuer, NotYetValid, Expired,
            Stale, Suspended, LockedByHolder, Revoked.
    """
    try:
        return _verify(raw, by, at)
    except _Stopped as stopped:
        raise stopped.fault.refusal from None


def examine(raw: str, *, by: Verifier, at: datetime) -> Report:
    """Verify a pass and tell what was checked; never raises for anything that ``raw`` may hold."""
    try:
        verified = _verify(raw, by, at)
    except _Stopped as stopped:
        return _refused(stopped.fault, at)
    return Report(
        verdict=VerdictKind.VALID,
        as_of=verified.as_of,
        reason=f"valid as of {verified.as_of:%Y-%m-%d %H:%M:%S} UTC",
        code=None,
        checks=verified.checks,
        verified=verified,
    )


def _refused(fault: _Fault, at: datetime) -> Report:
    return Report(
        verdict=_VERDICTS[type(fault.refusal)],
        as_of=fault.as_of or at,
        reason=fault.refusal.message,
        code=fault.refusal.code,
        checks=_FAILED[fault.step - 1],
        verified=None,
    )


_make_verified = quick(Verified)


def _verify(raw: str, by: Verifier, at: datetime) -> Verified:
    read = _read(raw, by)
    found = _find_signer(read, by.trust, at)
    _check_terms(read, by.policy, at)
    as_of, checks = _check_status(read, found, by, at)
    return _make_verified(
        feature=read.feature,
        issuer=found.issuer.id,
        terms=read.content.terms,
        attributes=read.content.attributes,
        as_of=as_of,
        checks=checks,
    )


def _stop(step: int, refusal: PassRefused, as_of: datetime | None = None) -> NoReturn:
    raise _Stopped(_Fault(step, refusal, as_of))


def _read(raw: str, by: Verifier) -> UnverifiedPass:
    # (1) Size first, so that ten megabytes of text cost nothing.
    if len(raw) > INPUT_CHARS_MAX:
        _stop(
            1,
            Malformed(f"{len(raw)} characters are no pass (at most {INPUT_CHARS_MAX}); scan the code again"),
        )
    accepted = by.policy.features
    for feature in by.features:
        if feature.kind in accepted and feature.recognises(raw):
            break
    else:
        _stop(1, Malformed("this is not a pass of a kind accepted here; scan the code again"))
    # (2) Parsers raise nothing but the two errors below, whatever the bytes.
    try:
        read = feature.read(raw)
    except UnsupportedAlgorithm as error:
        _stop(3, Malformed(error.message))
    except MalformedInput as error:
        _stop(2, Malformed(error.message))
    # (3) RFC 8725, 3.1: the verifier, not the token, says which algorithms are acceptable.
    if read.algorithm not in by.policy.algorithms:
        _stop(3, Malformed(f"algorithm {read.algorithm} is not accepted here"))
    return read


def _find_signer(read: UnverifiedPass, trust: Trust, at: datetime) -> Candidate:
    # (4) An expired list can hide a withdrawal: fail closed.
    if at.timestamp() >= trust.listed.expires:
        _stop(4, Stale(f"the trust list expired {trust.expires:%Y-%m-%d %H:%M} UTC; import the current one"))
    # (5) The kid in the protected header wins (the reader saw to that); colliding kids are all tried.
    candidates = trust.find_candidates(read.kid, issuer=read.content.terms.issuer)
    if not candidates:
        _stop(
            5, UnknownIssuer("no trusted key has the key id that this pass names; it is not to be relied on")
        )
    # (6) A key verifies its own algorithm only, or an attacker chooses how it is used.
    fitting = [one for one in candidates if one.key.public.algorithm is read.algorithm]
    if not fitting:
        _stop(6, Tampered("the pass names an algorithm that is not its key's own; it was altered"))
    # (7) RFC 9052, 4.4.
    for candidate in fitting:
        try:
            read.check_signature(candidate.key.public)
        except BadSignature:
            continue
        return _check_signer(read, candidate)
    _stop(7, Tampered("the signature does not fit the content: the pass was altered or forged"))


def _check_signer(read: UnverifiedPass, found: Candidate) -> Candidate:
    terms = read.content.terms
    # (8) RFC 8392, 3.1.1: a pass speaks only for the owner of the key.
    if terms.issuer != found.issuer.id:
        _stop(
            8,
            UnknownIssuer(
                "the pass names another issuer than the owner of its key; it is not to be relied on"
            ),
        )
    # (9) Old passes of a rotated key stay good; a withdrawn key kills whatever it signed.
    if found.key.withdrawn_at is not None:
        _stop(9, UnknownIssuer("the key of this pass was withdrawn; the holder needs a new pass"))
    if terms.issued_at is None or not is_trusted(found.key, use=KeyUse.PASS, at=terms.issued_at):
        _stop(9, UnknownIssuer("the pass was not issued within the time and use its key is trusted for"))
    # (10) Absent means the bare Claim 169 credential, which a trust list can name too.
    product = terms.product.id if terms.product else "claim169"
    if product not in found.issuer.products:
        _stop(10, UnknownIssuer(f"{found.issuer.id} is not trusted to issue the product {product}"))
    return found


def _check_terms(read: UnverifiedPass, policy: VerificationPolicy, at: datetime) -> None:
    terms = read.content.terms
    # (11) RFC 8392, 3.1.5 (nbf); where it is absent, a pass is not good before it was made.
    begins = terms.not_before or terms.issued_at
    if begins is not None and at < begins - policy.clock_skew:
        _stop(11, NotYetValid(f"valid from {begins:%Y-%m-%d %H:%M} UTC, not yet; check this machine's clock"))
    # (12) RFC 8392, 3.1.4 (exp): the current time MUST be before it. No leeway in the holder's favour.
    if terms.expires is not None and at >= terms.expires:
        _stop(12, Expired(f"expired {terms.expires:%Y-%m-%d}; ask the holder for the renewed pass"))


def _check_status(
    read: UnverifiedPass, found: Candidate, by: Verifier, at: datetime
) -> tuple[datetime, tuple[Check, ...]]:
    place, statuses = read.content.terms.place, by.statuses
    if statuses is None:
        return at, _STATUS_NOT_ASKED
    if place is None:
        if found.issuer.status_required:
            _stop(13, Stale("the pass carries no status reference, so its suspension could not be seen"))
        return datetime.fromtimestamp(by.trust.listed.issued_at, UTC), _STATUS_NOT_ASKED
    # (13) Fail closed: what is not known, or not known freshly, is never valid.
    answer = statuses.find_standing(place, issuer=found.issuer.id)
    if answer is None:
        _stop(13, Stale("no status list for this pass is held; sync the status lists and try again"))
    if answer.standing is Standing.VALID:
        _require_fresh(answer, by.policy, at)
        if answer.is_locked:
            # The holder's own word; no clause but that of consent.
            _stop(14, LockedByHolder("its holder has locked it for this use; ask the holder"), answer.as_of)
        return answer.as_of, _ALL_PASSED
    # (14) A bad standing is told even when it is old: it stays until a newer signed list lifts it.
    if answer.standing is Standing.SUSPENDED:
        _stop(
            14,
            Suspended(f"suspended as of {answer.as_of:%Y-%m-%d %H:%M:%S} UTC; do not accept it"),
            answer.as_of,
        )
    _stop(
        14,
        Revoked(f"revoked or replaced as of {answer.as_of:%Y-%m-%d %H:%M:%S} UTC; do not accept it"),
        answer.as_of,
    )


def _require_fresh(answer: StatusAnswer, policy: VerificationPolicy, at: datetime) -> None:
    as_of, expires = answer.as_of, answer.expires
    # Token Status List draft, 8.3 step 4: iat not in the future, exp not passed; then the policy's own limit.
    if as_of > at + policy.clock_skew:
        _stop(13, Stale("the status list is dated in the future; set this machine's clock"), as_of)
    if expires is not None and at >= expires:
        _stop(13, Stale(f"the status list expired {expires:%Y-%m-%d %H:%M} UTC; sync and try again"), as_of)
    # What was heard a minute ago is a minute old, also where this machine's clock is behind the publisher's.
    age = at - min(as_of, answer.heard or as_of)
    if age > policy.status_age_max:
        old, most = (int(one.total_seconds()) for one in (age, policy.status_age_max))
        _stop(
            13,
            Stale(f"the status is {old} s old, the policy allows {most} s; sync and try again"),
            as_of,
        )


def step_table() -> tuple[tuple[int, str, str], ...]:
    """List the steps: number, name, clause; for the documentation."""
    return tuple((number, name, clause) for number, (name, clause) in enumerate(_STEPS, 1))
