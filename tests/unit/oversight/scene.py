"""Places, uses and holders as the tests of this room draw them; nobody here exists."""

from datetime import UTC, date, datetime, timedelta

from rahdari.kernel import Actor, ActorKind
from rahdari.oversight import (
    Channel,
    Enrolled,
    Evidence,
    Flag,
    FlagId,
    FlagKind,
    Place,
    Purpose,
    Use,
    UseId,
    check_place,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CARD = "7K3F-9QX2-M4TD"
LAHORE = check_place("Counter 2, Lahore", 31.549, 74.344)
ISLAMABAD = check_place("Counter 1, Islamabad", 33.684, 73.048)
KASHGAR = check_place("Gate 1, Kashgar", 39.467, 75.994)
FRAUD_OFFICER = Actor("officer-9", ActorKind.OFFICER, frozenset({"fraud_officer"}))
COUNTER = Actor("officer-1", ActorKind.OFFICER, frozenset({"issuer", "status_officer", "auditor"}))


def use(
    number: int,
    *,
    after: timedelta = timedelta(),
    place: Place | None = None,
    institution: str = "bank-1",
    card: str | None = CARD,
    verdict: str = "valid",
) -> Use:
    return Use(
        id=UseId(f"use-{number:04d}"),
        card=card,
        institution=institution,
        at=NOON + after,
        purpose=Purpose.TRAVEL,
        place=place,
        channel=Channel.ONLINE,
        verdict=verdict,
    )


def flag(number: int, *, kind: FlagKind = FlagKind.ABNORMAL_RATE, subject: str = CARD) -> Flag:
    at = NOON + timedelta(minutes=number)
    seen = Evidence(at, {"use": f"use-{number}", "uses": 21, "speed_kmh": 0.5})
    return Flag(
        id=FlagId(f"flag-{number:04d}"),
        kind=kind,
        subject=subject,
        opened_at=at,
        evidence=(seen,),
        evidence_count=1,
    )


def enrolled(  # noqa: PLR0913 - a holder has this many sides
    number: str = "3520200000011",
    name: str = "Ahmed Khan",
    *,
    id_: str = "",
    kind: str = "person",
    born: date | None = date(1990, 5, 17),
    family: str | None = None,
    names: dict[str, str] | None = None,
) -> Enrolled:
    return Enrolled(
        id=id_ or f"holder-{number}",
        kind=kind,
        number=number,
        names=names or {"en": name},
        born=born,
        family_number=family,
    )
