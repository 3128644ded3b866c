r"""Who used a card, where, when and what for; and what a human should look at.

Every use leaves a record before its answer leaves. What is unusual among a card's uses, and whoever is likely
registered twice, is flagged with the evidence; a fraud officer decides, never a program.

Example:
    >>> from datetime import UTC, datetime, timedelta
    >>> from rahdari import database, oversight
    >>> from rahdari.oversight.migrations import MIGRATIONS
    >>> from rahdari.oversight.store import SqlStore
    >>> class Dice:
    ...     def bytes(self, count: int) -> bytes:
    ...         return b"\x2a" * count  # a real one draws what nobody can guess
    ...     def below(self, bound: int) -> int:
    ...         return 0
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> def use(number: int, place: oversight.Place) -> oversight.Use:
    ...     return oversight.Use(
    ...         id=oversight.UseId(f"use-{number}"), card="7K3F-9QX2-M4TD", institution="bank-1",
    ...         at=noon + timedelta(hours=number), purpose=oversight.Purpose.TRAVEL, place=place,
    ...         channel=oversight.Channel.ONLINE, verdict="valid",
    ...     )
    >>> lahore = oversight.check_place("Counter 2, Lahore", 31.549, 74.344)
    >>> kashgar = oversight.check_place("Gate 1, Kashgar", 39.467, 75.994)
    >>> with database.open_database("sqlite://") as house:
    ...     database.migrate(house, [MIGRATIONS])
    ...     with house.transaction() as connection:
    ...         store = SqlStore(connection)
    ...         _ = oversight.record_use(store, use(0, lahore), chance=Dice())
    ...         (flag,) = oversight.record_use(store, use(0.5, kashgar), chance=Dice())
    ...         uses = oversight.list_uses(store, "7K3F-9QX2-M4TD")
    >>> flag.kind.value, flag.evidence[0].facts["distance_km"]
    ('impossible_travel', 893)
    >>> [one.place.name for one in uses]
    ['Gate 1, Kashgar', 'Counter 2, Lahore']
"""

from rahdari.oversight.errors import (
    BadDecision,
    BadPlace,
    FlagDecided,
    NotAllowed,
    OversightRefused,
    TooManyAges,
    UnknownFlag,
    UnknownUse,
    UseNotRecorded,
)
from rahdari.oversight.policy import WATCH, WatchPolicy
from rahdari.oversight.ports import Register, Store
from rahdari.oversight.rules.duplicates import Likely, Suspicion, suspect
from rahdari.oversight.rules.likeness import likeness_of, likeness_of_names
from rahdari.oversight.rules.places import check_place, distance_km
from rahdari.oversight.service import (
    Verdict,
    build_index,
    decide,
    forget_ages,
    forget_uses,
    get_flag,
    list_flags,
    list_uses,
    note_ages,
    record_use,
    take_unlogged,
    watch_enrolment,
)
from rahdari.oversight.values import (
    EVIDENCE_MAX,
    GROUNDS,
    NOTE_CHARS_MAX,
    PLACE_NAME_CHARS_MAX,
    Channel,
    Circumstances,
    Decision,
    Enrolled,
    Evidence,
    Flag,
    FlagId,
    FlagKind,
    FlagState,
    Ground,
    Place,
    Purpose,
    Use,
    UseId,
)

__all__ = [
    "EVIDENCE_MAX",
    "GROUNDS",
    "NOTE_CHARS_MAX",
    "PLACE_NAME_CHARS_MAX",
    "WATCH",
    "BadDecision",
    "BadPlace",
    "Channel",
    "Circumstances",
    "Decision",
    "Enrolled",
    "Evidence",
    "Flag",
    "FlagDecided",
    "FlagId",
    "FlagKind",
    "FlagState",
    "Ground",
    "Likely",
    "NotAllowed",
    "OversightRefused",
    "Place",
    "Purpose",
    "Register",
    "Store",
    "Suspicion",
    "TooManyAges",
    "UnknownFlag",
    "UnknownUse",
    "Use",
    "UseId",
    "UseNotRecorded",
    "Verdict",
    "WatchPolicy",
    "build_index",
    "check_place",
    "decide",
    "distance_km",
    "forget_ages",
    "forget_uses",
    "get_flag",
    "likeness_of",
    "likeness_of_names",
    "list_flags",
    "list_uses",
    "note_ages",
    "record_use",
    "suspect",
    "take_unlogged",
    "watch_enrolment",
]
