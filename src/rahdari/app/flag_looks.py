"""What a fraud officer sees of one flag beyond its evidence: enough to judge it, and nothing of anybody else.

Read at the time of asking and kept nowhere: a flag names holders and institutions by their ids alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rahdari.access import Principal, PrincipalId
from rahdari.access.store import SqlStore as AccessStore
from rahdari.credentials import CardNumber, Holder, HolderId, Person, Stage
from rahdari.credentials.service.desk import Desk
from rahdari.oversight import Enrolled, Flag, FlagKind, FlagState

# The words by which evidence names institutions and holders (oversight.rules.unusual, oversight.service).
_INSTITUTIONS = ("institution", "first_institution", "second_institution")
_OTHER_HOLDER = "other_holder"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagLook:
    """A flag with what is needed to judge it.

    ``institutions`` maps the ids in the evidence to names; ``stage`` is the flagged card's. ``holders`` are the
    compared records, the flagged one first: only of a likely duplicate, and only until it is decided.
    """

    flag: Flag
    institutions: Mapping[str, str]
    stage: Stage | None
    holders: tuple[Enrolled, ...] = field(repr=False)


def look_at(flag: Flag, desk: Desk, access: AccessStore) -> FlagLook:
    """Read what belongs to a flag; who or what is no longer registered is left out."""
    named = {str(one.facts[word]) for one in flag.evidence for word in _INSTITUTIONS if word in one.facts}
    return FlagLook(
        flag=flag,
        institutions=name_all(access, named),
        stage=_stage(flag, desk),
        holders=_compared(flag, desk),
    )


def name_all(access: AccessStore, ids: set[str]) -> Mapping[str, str]:
    """Map ids of officers and institutions to their names; those that are unknown are left out."""
    found: list[Principal | None] = [access.find_principal(PrincipalId(one)) for one in sorted(ids)]
    return {one.id: one.name for one in found if one is not None}


def _stage(flag: Flag, desk: Desk) -> Stage | None:
    card = desk.store.find_card(CardNumber(flag.subject)) if flag.kind.is_of_card else None
    return card.stage if card else None


def _compared(flag: Flag, desk: Desk) -> tuple[Enrolled, ...]:
    # Once it is decided nobody needs these people's data for it any more.
    if flag.kind is not FlagKind.LIKELY_DUPLICATE or flag.state is not FlagState.OPEN:
        return ()
    others = [str(one.facts[_OTHER_HOLDER]) for one in flag.evidence if _OTHER_HOLDER in one.facts]
    wanted = [HolderId(one) for one in dict.fromkeys((flag.subject, *others))]
    found = desk.store.find_holders(wanted)
    return tuple(enrolled_of(found[one]) for one in wanted if one in found)


def enrolled_of(holder: Holder) -> Enrolled:
    """Give what is compared of a holder."""
    party = holder.party
    born, family_number = (
        (party.date_of_birth, party.family_number) if isinstance(party, Person) else (None, None)
    )
    return Enrolled(
        id=holder.id,
        kind=party.kind.value,
        number=party.number,
        names=party.name,
        born=born,
        family_number=family_number,
    )
