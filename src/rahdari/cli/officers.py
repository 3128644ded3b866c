"""``rahdari officer``: officers, institutions and their tokens."""

from datetime import timedelta

from rahdari.access import Enrolment, FreshToken, Principal, PrincipalId, Role, TokenId
from rahdari.app.house import House
from rahdari.cli.authority import Given
from rahdari.cli.instants import instant
from rahdari.cli.session import Session
from rahdari.cli.terminal import pairs, table_of
from rahdari.kernel import ActorKind


def enrol(
    name: str,
    /,
    *,
    role: tuple[str, ...] = (),
    institution: bool = False,
    attribute: tuple[str, ...] = (),
    days: int = 90,
    session: Given,
) -> None:
    """Enrol an officer or an institution and give a token.

    The token is shown this once; an officer's is kept in the home folder too, for --as NAME.

    Args:
        name: Name of the officer or institution.
        role: registrar, issuer, status_officer, supervisor, key_officer, auditor,
            fraud_officer; may stand several times.
        institution: An institution that asks about passes online; its role is verifier.
        attribute: What the institution may be told beside yes and no; may stand several times.
        days: How long the token is valid.
        session: This run.
    """
    house = session.house()
    kind = ActorKind.INSTITUTION if institution else ActorKind.OFFICER
    roles = frozenset(role) or (frozenset({Role.VERIFIER.value}) if institution else frozenset())
    made = house.officers.enrol(Enrolment(kind, name, roles, frozenset(attribute)))
    _answer(session, made, house.officers.issue_token(made.id, lifetime=timedelta(days=days)))


def token(name: str, /, *, days: int = 90, session: Given) -> None:
    """Give a further token to an officer or institution.

    Args:
        name: Name or id.
        days: How long the token is valid.
        session: This run.
    """
    house = session.house()
    found = _find(house, name)
    _answer(session, found, house.officers.issue_token(found.id, lifetime=timedelta(days=days)))


def _answer(session: Session, made: Principal, fresh: FreshToken) -> None:
    kept = None
    if made.kind is ActorKind.OFFICER and _is_plain(made.name):
        kept = str(session.house().officers.keep_token(made.name, fresh.text))
    document = {
        **principal_document(made),
        "token": fresh.text,
        "token_id": fresh.token.id,
        "token_expires": instant(fresh.token.expires_at),
        "kept_in": kept,
    }
    session.terminal.answer(document, pairs(document), "The token is shown this once; hand it over safely.")


def _is_plain(name: str) -> bool:
    """Tell whether a name may be part of a file's name; the same rule as ``--as`` reads by."""
    return name.isascii() and name.replace("-", "").replace("_", "").isalnum()


def _find(house: House, word: str) -> Principal:
    return house.officers.find_named(word) or house.officers.get(PrincipalId(word))


def list_principals(*, session: Given) -> None:
    """List officers and institutions."""
    found = session.house().officers.list()
    session.terminal.answer(
        {"principals": [principal_document(one) for one in found]},
        table_of(
            ("id", "kind", "name", "roles", "disabled"),
            (
                (one.id, one.kind, one.name, " ".join(sorted(one.roles)), instant(one.disabled_at) or "")
                for one in found
            ),
            spare=("disabled",),
        ),
    )


def disable(name: str, /, *, session: Given) -> None:
    """Let an officer or institution in no more.

    Args:
        name: Name or id.
        session: This run.
    """
    house = session.house()
    disabled = house.officers.disable(_find(house, name).id)
    session.terminal.answer(principal_document(disabled), f"{disabled.name} is let in no more.")


def list_tokens(name: str, /, *, session: Given) -> None:
    """List the tokens of an officer or institution.

    Their ids and terms, never a secret.

    Args:
        name: Name or id.
        session: This run.
    """
    house = session.house()
    found = house.officers.find_tokens(_find(house, name).id)
    rows = [
        (one.id, instant(one.issued_at), instant(one.expires_at), instant(one.revoked_at)) for one in found
    ]
    session.terminal.answer(
        {
            "tokens": [
                {"id": id_, "issued_at": issued, "expires_at": ends, "revoked_at": revoked}
                for id_, issued, ends, revoked in rows
            ]
        },
        table_of(
            ("id", "issued", "expires", "revoked"),
            ((id_, issued or "", ends or "", revoked or "") for id_, issued, ends, revoked in rows),
        ),
    )


def revoke_token(token: str, /, *, session: Given) -> None:
    """End one token now.

    The others of its bearer stay good.

    Args:
        token: Id of the token, as `officer tokens` lists it.
        session: This run.
    """
    session.house().officers.revoke_token(TokenId(token))
    session.terminal.answer({"token_id": token, "revoked": True}, f"Token {token} opens nothing any more.")


def principal_document(principal: Principal) -> dict[str, object]:
    """Describe an officer or institution."""
    return {
        "id": principal.id,
        "kind": principal.kind.value,
        "name": principal.name,
        "roles": sorted(role.value for role in principal.roles),
        "attributes": sorted(principal.attributes),
        "enrolled_at": instant(principal.enrolled_at),
        "disabled_at": instant(principal.disabled_at),
    }
