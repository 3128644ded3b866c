"""``rahdari exchange consent``: persons' consents, in the book of the member that signs them."""

import sys
from pathlib import Path

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.consent_desk import key_name, make_issuer, opened_book
from rahdari.app.exchange.wish_desk import weigh_wish
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.opened import gateway_home
from rahdari.cli.exchange.showing import moment
from rahdari.cli.session import Session
from rahdari.cli.terminal import Document, count_of, pairs, table_of
from rahdari.exchange import ConsentAct, KeptConsent, Wish
from rahdari.wire.ndel.consent_token import decode as read_consent
from rahdari.wire.xroad import read_client, read_service

# An identifier and a line break; whoever pipes a file here pipes the wrong one.
_LINE_CHARS_MAX = 256


def init(*, lists: str, session: Given) -> None:
    """Make the key that signs consents. The registry's officers then enter it: exchange consent-issuer add.

    Args:
        lists: Address under which the status lists are served, such as http://127.0.0.1:8441/ndel/consents.
        session: This run.
    """
    public, path = make_issuer(gateway_home(session), session.environment, lists=lists, chance=SystemChance())
    session.terminal.answer(
        {"kid": key_name(public), "file": str(path), "lists": lists},
        f"Key {key_name(public)}; give {path} to the registry: exchange consent-issuer add MEMBER --key {path}",
    )


def give(  # noqa: PLR0913 - what a person agrees to
    *,
    to: str,
    service: tuple[str, ...],
    purpose: tuple[str, ...],
    data: tuple[str, ...] = (),
    days: int = 90,
    subsystems: bool = False,
    identifier_from_stdin: bool = False,
    out: Path | None = None,
    session: Given,
) -> None:
    """Sign a person's consent, and print the token that the client then sends along.

    Args:
        to: Client that may ask, as PK/COM/2002/loans.
        service: Service that it may ask, as PK/GOV/1001/registry/person-status; may be repeated.
        purpose: Code of a purpose; may be repeated.
        data: Data class; may be repeated.
        days: How long it lasts.
        subsystems: Where the client is a member: its subsystems may ask too.
        identifier_from_stdin: Must stand here; the person's number is read from stdin, never from the command.
        out: File for the token; else stdout.
        session: This run.
    """
    wish = Wish(
        subject=read_identifier(is_wanted=identifier_from_stdin),
        consumer=read_client(to),
        services=tuple(read_service(one) for one in service),
        purposes=frozenset(purpose),
        data_classes=frozenset(data),
        days=days,
        covers_subsystems=subsystems,
    )
    reach = weigh_wish(gateway_home(session), wish, clock=SystemClock(), chance=SystemChance())
    with opened_book(
        gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
    ) as book:
        kept = book.give(wish)
    for remark in reach.uncovered:
        session.terminal.note(f"Not covered: {remark}.")
    if out is not None:
        out.write_text(kept.text + "\n", encoding="ascii")
    session.terminal.answer(
        {
            **consent_document(kept),
            "covers": list(reach.covered),
            "not_covered": list(reach.uncovered),
            "token": kept.text,
        },
        kept.text if out is None else f"Consent {kept.id}, until {moment(kept.expires)}: {out}",
    )


def show(*, identifier_from_stdin: bool = False, session: Given) -> None:
    """List a person's consents, the newest first.

    Args:
        identifier_from_stdin: Must stand here; the person's number is read from stdin.
        session: This run.
    """
    identifier = read_identifier(is_wanted=identifier_from_stdin)
    with opened_book(
        gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
    ) as book:
        listed = book.list_of(identifier)
    session.terminal.answer(
        {"consents": [consent_document(one) for one in listed]},
        table_of(
            ("consent", "given to", "for services", "purposes", "data classes", "state", "until"),
            (_row(one) for one in listed),
        ),
        f"{count_of(len(listed), 'consent')}.",
    )


def pause(consent: str, /, *, identifier_from_stdin: bool = False, session: Given) -> None:
    """Let a consent rest; it can be resumed.

    Args:
        consent: Id of the consent.
        identifier_from_stdin: Must stand here; the person's number is read from stdin.
        session: This run.
    """
    _change(consent, ConsentAct.PAUSE, session, is_wanted=identifier_from_stdin)


def resume(consent: str, /, *, identifier_from_stdin: bool = False, session: Given) -> None:
    """Let a consent that rests count again.

    Args:
        consent: Id of the consent.
        identifier_from_stdin: Must stand here; the person's number is read from stdin.
        session: This run.
    """
    _change(consent, ConsentAct.RESUME, session, is_wanted=identifier_from_stdin)


def revoke(consent: str, /, *, identifier_from_stdin: bool = False, session: Given) -> None:
    """End a consent for good: within a minute everywhere, at once where the service says so.

    Args:
        consent: Id of the consent.
        identifier_from_stdin: Must stand here; the person's number is read from stdin.
        session: This run.
    """
    _change(consent, ConsentAct.REVOKE, session, is_wanted=identifier_from_stdin)


def publish(folder: Path, /, *, session: Given) -> None:
    """Write the status lists as files, for a host of files; to be done every ten seconds.

    Args:
        folder: The host's folder.
        session: This run.
    """
    with opened_book(
        gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
    ) as book:
        written = [str(path) for path in book.publish(folder)]
    session.terminal.answer({"files": written}, f"{count_of(len(written), 'list')} written.")


def read_identifier(*, is_wanted: bool) -> str:
    """Read a person's number from stdin: the command line is seen by every process, and kept by the shell."""
    if not is_wanted:
        raise BadUsage(
            "--identifier-from-stdin is needed; the number is read from stdin, never from the command"
        )
    return sys.stdin.readline(_LINE_CHARS_MAX).strip()


def consent_document(kept: KeptConsent) -> Document:
    """Describe a consent; whose it is, is not said."""
    said = read_consent(kept.text).unverified
    return {
        "consent": kept.id,
        "consumer": str(kept.consumer),
        "covers_subsystems": said.covers_subsystems,
        "services": [str(one) for one in said.services],
        "purposes": sorted(said.purposes),
        "data_classes": sorted(said.data_classes),
        "state": kept.state.value,
        "issued_at": moment(kept.issued_at),
        "expires": moment(kept.expires),
        "changed_at": moment(kept.changed_at),
        "status_list": kept.place.uri,
        "status_index": kept.place.index,
    }


def _row(kept: KeptConsent) -> tuple[object, ...]:
    # The book's own text: nobody but this member has written it.
    said = read_consent(kept.text).unverified
    consumer = f"{kept.consumer} and its subsystems" if said.covers_subsystems else str(kept.consumer)
    services = [str(one) for one in said.services]
    purposes, classes = sorted(said.purposes), sorted(said.data_classes) or "none"
    return (kept.id, consumer, services, purposes, classes, kept.state.value, moment(kept.expires))


def _change(consent: str, act: ConsentAct, session: Session, *, is_wanted: bool) -> None:
    identifier = read_identifier(is_wanted=is_wanted)
    with opened_book(
        gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
    ) as book:
        became = book.change(consent, act, identifier)
    document = {"consent": consent, "state": became.value}
    session.terminal.answer(document, pairs(document))
