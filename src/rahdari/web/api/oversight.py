"""Flags: what fraud officers look at and decide."""

import re

from litestar import get, post
from litestar.params import FromPath, FromQuery, RawBody

from rahdari.oversight import FlagId, FlagState, Verdict
from rahdari.web.api.flag_bodies import (
    DecisionMade,
    FlagLookView,
    FlagPage,
    FlagView,
    render_flag,
    render_look,
)
from rahdari.web.api.reading import read_json
from rahdari.web.doors import TheActor, TheHouse
from rahdari.web.errors import BadParameter
from rahdari.web.operation import HOLDER_ID, JSON, Query, describes

PAGE_MAX = 200
# Both are version 7 UUIDs of the kernel's making.
FLAG_ID = HOLDER_ID
_STATES = {"type": "string", "enum": [one.value for one in FlagState]}


@get(
    "/api/v1/flags",
    operation_id="listFlags",
    sync_to_thread=True,
    opt=describes(
        "Oversight",
        gives={JSON: FlagPage},
        refusals=("oversight.unknown_flag",),
        query=(
            Query(name="standing", about="only flags of this state", schema=_STATES),
            Query(name="before", about="`next` of the page before", schema={"type": "string"}),
            Query(
                name="limit",
                about="how many",
                schema={"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": 50},
            ),
        ),
    ),
)
def list_flags(
    house: TheHouse,
    actor: TheActor,
    standing: FromQuery[str] = "",
    before: FromQuery[str] = "",
    limit: FromQuery[str] = "50",
) -> FlagPage:
    """List flags, the newest first.

    A flag is what a rule has seen and a human has to judge: a card at two places too far apart, a card used too
    often, a holder who is likely registered twice. Nothing was refused for it.
    """
    if not re.fullmatch("[0-9]{1,3}", limit) or not 1 <= int(limit) <= PAGE_MAX:
        raise BadParameter(f"limit is a whole number from 1 to {PAGE_MAX}")
    size, last = int(limit), _read_flag_id(before) if before else None
    flags = house.oversight.list_flags(actor=actor, state=_read_state(standing), limit=size, before=last)
    return FlagPage([render_flag(one) for one in flags], flags[-1].id if len(flags) == size else None)


def _read_state(text: str) -> FlagState | None:
    if text and text not in set(FlagState):
        raise BadParameter(f"standing is one of {', '.join(FlagState)}")
    return FlagState(text) if text else None


def _read_flag_id(text: str) -> FlagId:
    if not re.fullmatch(FLAG_ID.removeprefix("^").removesuffix("$"), text):
        raise BadParameter("a flag's id is a UUID in small letters, as the list of flags tells it")
    return FlagId(text)


@get(
    "/api/v1/flags/{flag:str}",
    operation_id="getFlag",
    sync_to_thread=True,
    opt=describes("Oversight", gives={JSON: FlagLookView}, refusals=("oversight.unknown_flag",)),
)
def get_flag(house: TheHouse, actor: TheActor, flag: FromPath[str]) -> FlagLookView:
    """Get a flag with its evidence and what is needed to judge it.

    Beside the evidence: the institutions' names, the flagged card's stage, and of a likely duplicate that is not
    decided yet the fields of both holders that were compared, as they are registered now.
    """
    return render_look(house.oversight.look_at_flag(_read_flag_id(flag), actor=actor))


@post(
    "/api/v1/flags/{flag:str}/decision",
    operation_id="decideFlag",
    status_code=200,
    sync_to_thread=True,
    opt=describes(
        "Oversight",
        takes={JSON: DecisionMade},
        gives={JSON: FlagView},
        refusals=(
            "oversight.unknown_flag",
            "oversight.flag_decided",
            "oversight.bad_decision",
            "credentials.not_allowed",
            "credentials.wrong_stage",
            "credentials.key_locked",
        ),
    ),
)
def decide_flag(house: TheHouse, actor: TheActor, flag: FromPath[str], body: RawBody) -> FlagView:
    """Dismiss or confirm a flag, once and for all.

    With ``suspend``, the card of a confirmed flag is suspended in the same step, if the officer may do that too.
    """
    made = read_json(body, DecisionMade)
    verdict = Verdict(made.outcome, made.ground, made.note)
    return render_flag(
        house.oversight.decide(_read_flag_id(flag), verdict, actor=actor, suspend=made.suspend)
    )
