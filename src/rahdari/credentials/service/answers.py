"""Online verification for institutions: minimal answers, signed, bound to the caller's nonce, soon over."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rahdari.credentials.errors import BadQuestion
from rahdari.credentials.rules import questions
from rahdari.credentials.rules.questions import Question, Subject
from rahdari.credentials.rules.verification import Verifier, examine
from rahdari.credentials.service.desk import Desk, require_role
from rahdari.credentials.service.passes import describe
from rahdari.credentials.values.keys import KeyUse
from rahdari.credentials.values.passes import Attributes, Report, VerdictKind
from rahdari.kernel import Actor
from rahdari.wire import jws

ANSWER_TYP = "rahdari-answer+jwt"
# An answer speaks of an instant; a minute later the card may be suspended.
ANSWER_LIFE = timedelta(seconds=60)
_NONCE = re.compile(r"[A-Za-z0-9_\-.~]{16,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outcome of an online verification; ``token`` is the signed JWT that carries all of it."""

    verdict: VerdictKind
    report: Report
    answers: dict[str, bool | None]
    attributes: dict[str, object]
    token: str


def answer(  # noqa: PLR0913 - what an institution sends is what it takes
    desk: Desk,
    raw: str,
    *,
    by: Verifier,
    asker: Actor,
    asked: Sequence[str],
    wanted: Sequence[str] = (),
    allowed: frozenset[str] = frozenset(),
    nonce: str,
) -> Answer:
    """Verify ``raw`` against the register and answer ``asked`` with yes, no or unknown.

    ``wanted`` attributes are given only where ``allowed`` names them and the pass is valid. The standing is
    read from the register in this transaction; no verdict is ever cached.

    Raises:
        NotAllowed: the asker is no verifier.
        BadQuestion: a question, a nonce or an attribute that is not known or not allowed, or too many guesses.
    """
    require_role(asker, "verifier", to="ask the register")
    parsed = _parse(asked, wanted, allowed, nonce)
    questions.require_products(parsed, {one.ref.id for one in desk.products.list_current()})
    report = examine(raw, by=by, at=desk.began)
    subject = _subject(desk, report)
    answers = {one.text: _answer_one(one, report, subject) for one in parsed}
    attributes = _disclose(subject.attributes, wanted) if subject else {}
    token = _sign(desk, raw, report, answers, attributes, asker=asker, nonce=nonce)
    return Answer(verdict=report.verdict, report=report, answers=answers, attributes=attributes, token=token)


def _parse(
    asked: Sequence[str], wanted: Sequence[str], allowed: frozenset[str], nonce: str
) -> list[Question]:
    if not _NONCE.fullmatch(nonce):
        raise BadQuestion(
            "the nonce must be 16 to 128 of A-Z a-z 0-9 _ . ~ - and is drawn anew for each question"
        )
    if len(asked) > questions.QUESTIONS_MAX:
        raise BadQuestion(f"{len(asked)} questions at once; at most {questions.QUESTIONS_MAX}")
    refused = [one for one in wanted if one not in allowed or one not in questions.DISCLOSABLE]
    if refused:
        raise BadQuestion(_say_refused(refused, allowed))
    parsed = [questions.parse_question(one) for one in asked]
    questions.require_few_guesses(parsed)
    return parsed


def _say_refused(refused: Sequence[str], allowed: frozenset[str]) -> str:
    # What is no attribute of ours is a stranger's text, and stays out of the sentence.
    named = ", ".join(dict.fromkeys(one for one in refused if one in questions.DISCLOSABLE))
    granted = ", ".join(sorted(allowed & questions.DISCLOSABLE)) or "none"
    if not named:
        known = ", ".join(sorted(questions.DISCLOSABLE))
        return f"there is no such attribute; there are: {known}; this institution may be told: {granted}"
    return (
        f"this institution may not be told: {named}; it may be told: {granted}; ask yes or no instead, or have the "
        "authority enrol it for more"
    )


def _subject(desk: Desk, report: Report) -> Subject | None:
    """The register's own knowledge of the holder, only where the pass is valid."""
    verified = report.verified
    if verified is None or verified.terms.place is None:
        return None
    found = desk.store.find_card_at(verified.terms.place.uri, verified.terms.place.index)
    if found is None:
        return None
    card = found[0]
    holder = desk.store.find_holders([card.holder])[card.holder]
    attributes = describe(desk, desk.products.get(card.product), card, holder)
    return Subject(attributes, card.product, desk.began.date())


_GENUINE = frozenset(
    {
        VerdictKind.VALID,
        VerdictKind.SUSPENDED,
        VerdictKind.REVOKED,
        VerdictKind.EXPIRED,
        VerdictKind.NOT_YET_VALID,
    },
)


def _answer_one(question: Question, report: Report, subject: Subject | None) -> bool | None:
    if question.name == questions.GENUINE:
        return report.verdict in _GENUINE
    if question.name == questions.IN_GOOD_STANDING:
        return report.verdict is VerdictKind.VALID
    # A dead pass answers nothing about its holder: all services linked to it are suspended with it.
    return None if subject is None else questions.answer_question(question, subject)


def _disclose(attributes: Attributes, wanted: Sequence[str]) -> dict[str, object]:
    disclosed: dict[str, object] = {}
    for name in wanted:
        value = getattr(attributes, name)
        if hasattr(value, "isoformat"):
            disclosed[name] = value.isoformat()
        elif isinstance(value, str) or value is None:
            disclosed[name] = value
        else:
            disclosed[name] = dict(value)
    return disclosed


def _sign(  # noqa: PLR0913
    desk: Desk,
    raw: str,
    report: Report,
    answers: dict[str, bool | None],
    attributes: dict[str, object],
    *,
    asker: Actor,
    nonce: str,
) -> str:
    # Of the state that was looked at, not of the moment of signing: a slow machine must not make an answer younger.
    now = desk.began
    claims = {
        "iss": desk.authority.issuer,
        "aud": asker.id,
        "iat": int(now.timestamp()),
        "exp": int((now + ANSWER_LIFE).timestamp()),
        "nonce": nonce,
        # Binds the answer to the very pass that was shown, without repeating it.
        "pass_sha256": hashlib.sha256(raw.encode()).hexdigest(),
        "verdict": report.verdict.value,
        "as_of": int(report.as_of.timestamp()),
        "answers": answers,
        "attributes": attributes,
    }
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.sign(desk.signer(KeyUse.ANSWER), {"typ": ANSWER_TYP}, payload)
