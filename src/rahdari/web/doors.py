"""What handlers are given: the house, and whoever asks."""

from collections.abc import Mapping
from typing import cast

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation
from litestar.types import HTTPScope

from rahdari.access import NotAllowed
from rahdari.app.house import House
from rahdari.kernel import Actor
from rahdari.web.errors import TokenMissing, WrongMediaType
from rahdari.web.operation import Describes
from rahdari.web.rights import PUBLIC, RIGHTS
from rahdari.web.streaming import Streams
from rahdari.web.visit import visit_of

TheHouse = NamedDependency[SkipValidation[House]]
TheStreams = NamedDependency[SkipValidation[Streams]]
TheActor = NamedDependency[SkipValidation[Actor]]


def make_dependencies(house: House, streams: Streams) -> Mapping[str, Provide]:
    """Provide what handlers are given."""

    def give_house() -> House:
        return house

    def give_streams() -> Streams:
        return streams

    def give_actor(request: Request[None, None, State]) -> Actor:
        actor = visit_of(request.scope).actor
        if actor is None:
            raise AssertionError("the rights table let a stranger in")
        return actor

    return {
        "house": Provide(give_house, sync_to_thread=False),
        "streams": Provide(give_streams, sync_to_thread=False),
        "actor": Provide(give_actor, sync_to_thread=False),
    }


def guard_rights(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """Let in whom the table of rights lets in.

    Raises:
        TokenMissing: nobody is proven. NotAllowed: whoever is, holds none of the roles.
    """
    operation = operation_of(handler)
    if not operation and connection.scope["method"] == "OPTIONS":  # type: ignore[typeddict-item]
        # The framework's own answer: what the address takes (RFC 9110, 9.3.7), which /api says to everybody.
        return
    needed = RIGHTS[operation]
    if needed == PUBLIC:
        return
    actor = visit_of(cast("HTTPScope", connection.scope)).actor
    if actor is None:
        raise TokenMissing(
            "this needs a token: send Authorization: Bearer ..., as the operator gave it to you"
        )
    if not actor.has_any(needed):
        raise NotAllowed(f"this needs the role {' or '.join(sorted(needed))}; ask an officer who holds it")


def guard_media_type(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """Refuse a body of a kind that the operation does not read (RFC 9110, 15.5.16). Raises ``WrongMediaType``."""
    said = handler.opt.get("describes")
    if not isinstance(said, Describes) or not said.takes:
        return
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in said.takes:
        raise WrongMediaType(f"this operation reads {', '.join(said.takes)}; say which in Content-Type")


def operation_of(handler: BaseRouteHandler) -> str:
    """Name a handler's operation, as the table of rights does."""
    return str(getattr(handler, "operation_id", None) or "")
