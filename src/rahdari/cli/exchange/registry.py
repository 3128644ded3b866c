"""``rahdari exchange``: the registry of an instance; who takes part is decided by two of its officers."""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.home import Listener
from rahdari.app.exchange.registry import Registry
from rahdari.app.exchange.registry_founding import Founding, found_registry, read_listener
from rahdari.app.files import read_limited
from rahdari.cli.authority import Given
from rahdari.cli.exchange.opened import Acting, open_home, open_officer, registry_home, remarks_aside
from rahdari.cli.exchange.showing import proposal_document, short_document
from rahdari.cli.server import require_free
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of, pairs, table_of
from rahdari.exchange import Proposal
from rahdari.wire.ndel.acts import (
    Change,
    DismissOfficer,
    EnrolOfficer,
    Reinstate,
    RemoveGateway,
    SetTerms,
    Suspend,
    Terms,
    WithdrawKey,
)
from rahdari.wire.ndel.configuration import write_registry_key
from rahdari.wire.ndel.joining import TEXT_CHARS_MAX
from rahdari.wire.ndel.parties_as_json import read_member_id
from rahdari.wire.xroad import read_security_server

_SHOWN = ("id", "gateway", "url", "signed_by")
_OFFICERS = ("officer-1", "officer-2")


def init(
    *,
    instance: str,
    officer: tuple[str, ...] = _OFFICERS,
    approvals: int = 2,
    port: int = 8470,
    host: str = "127.0.0.1",
    session: Given,
) -> None:
    """Make the registry of an instance: its key, its officers, its first configuration.

    Args:
        instance: Name of the instance, the first part of every identifier, such as PK.
        officer: An officer's name; may be repeated.
        approvals: How many different officers must sign a change.
        port: Port on which the registry will be served.
        host: Address on which the registry will be served.
        session: This run.
    """
    founding = Founding(instance, officer, Terms(approvals_min=approvals), Listener(host, port))
    registry = found_registry(
        registry_home(session), founding, session.environment, clock=SystemClock(), chance=SystemChance()
    )
    document = {
        "home": str(registry.folder),
        "instance": instance,
        "registry_key": write_registry_key(registry.public),
        "officers": list(officer),
        "approvals": approvals,
        "configuration": str(registry.public_file),
    }
    session.terminal.answer(
        document,
        pairs(document),
        "Gateways join with this registry key; tell it by another way than the registry's own address.",
        "Serve it with:",
        f"  {session.command('exchange registry serve')}",
    )


def pending(*, session: Given) -> None:
    """List the gateways that ask to join, and the changes that wait for another officer."""
    registry = open_home(session)
    register, waiting = registry.register(), registry.waiting()
    requests = [
        {
            "id": one.read.id,
            "gateway": str(one.read.request.gateway.id),
            "url": one.read.request.gateway.url,
            "proposal": None if one.proposal is None else one.proposal.number,
            "signed_by": [] if one.proposal is None else sorted(one.proposal.signed_by),
        }
        for one in waiting
    ]
    changes = [proposal_document(register, one) for one in registry.pending()]
    session.terminal.answer(
        {"requests": requests, "proposals": changes},
        table_of(
            ["id", "gateway", "url", "signed by"],
            ([one[name] for name in _SHOWN] for one in requests),
        ),
        table_of(
            ["proposal", "change", "signed by", "missing"],
            ([c["proposal"], short_document(c), c["signed_by"], c["missing"]] for c in changes),
        ),
        f"{count_of(len(requests), 'request')} to join, {count_of(len(changes), 'change')} waiting.",
    )


def receive(file: Path, /, *, session: Given) -> None:
    """Take in a gateway's request that came as a file.

    Args:
        file: The request, join.jws.
        session: This run.
    """
    registry = open_home(session)
    text = read_limited(file, size_bytes_max=TEXT_CHARS_MAX).decode("ascii", errors="replace").strip()
    read = registry.receive(text)
    document = {
        "id": read.id,
        "gateway": str(read.request.gateway.id),
        "state": registry.request_state(read.id),
    }
    session.terminal.answer(document, pairs(document))


def approve(name: str, /, *, acting: Acting, session: Given) -> None:
    """Sign a request or another officer's proposal; it counts once enough officers have.

    Args:
        name: Id of the request, or number of the proposal.
        acting: Which officer signs.
        session: This run.
    """
    registry = open_home(session)
    officer, signer = open_officer(registry, acting, session)
    with remarks_aside():
        proposal = registry.approve_any(name, officer, signer)
    _tell(session, registry, proposal)


def decline(number: int, /, *, acting: Acting, session: Given) -> None:
    """End a proposal; one officer is enough.

    Args:
        number: Number of the proposal.
        acting: Which officer signs.
        session: This run.
    """
    registry = open_home(session)
    officer, signer = open_officer(registry, acting, session)
    with remarks_aside():
        proposal = registry.decline(number, officer, signer)
    _tell(session, registry, proposal)


def suspend_member(member: str, /, *, acting: Acting, session: Given) -> None:
    """Let a member neither ask nor answer.

    Counts once another officer agrees.

    Args:
        member: The member, as PK/GOV/1001.
        acting: Which officer signs.
        session: This run.
    """
    propose(session, acting, Suspend(read_member_id(member)))


def reinstate_member(member: str, /, *, acting: Acting, session: Given) -> None:
    """End a member's suspension.

    Counts once another officer agrees.

    Args:
        member: The member, as PK/GOV/1001.
        acting: Which officer signs.
        session: This run.
    """
    propose(session, acting, Reinstate(read_member_id(member)))


def withdraw_key(
    # The name of a key may begin with a hyphen.
    keyid: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    acting: Acting,
    session: Given,
) -> None:
    """Withdraw a gateway's message key for ever.

    Counts once another officer agrees.

    Args:
        keyid: Name of the key; rahdari exchange configuration show lists them.
        acting: Which officer signs.
        session: This run.
    """
    propose(session, acting, WithdrawKey(keyid))


def remove_gateway(gateway: str, /, *, acting: Acting, session: Given) -> None:
    """Take a gateway out with all its keys and certificates.

    Counts once another officer agrees.

    Args:
        gateway: The gateway, as PK/GOV/1001/gw1.
        acting: Which officer signs.
        session: This run.
    """
    propose(session, acting, RemoveGateway(read_security_server(gateway)))


def terms(
    *,
    approvals: int = 2,
    refresh_seconds: int = 30,
    validity_seconds: int = 86_400,
    acting: Acting,
    session: Given,
) -> None:
    """Change how many officers a change needs, and how long configurations are good for.

    Args:
        approvals: How many different officers must sign a change.
        refresh_seconds: How often gateways look for a newer configuration.
        validity_seconds: How long a gateway that cannot reach the registry goes on.
        acting: Which officer signs.
        session: This run.
    """
    propose(session, acting, SetTerms(Terms(approvals, refresh_seconds, validity_seconds)))


def officer_add(name: str, /, *, acting: Acting, session: Given) -> None:
    """Make a key for a new officer, and propose her.

    Args:
        name: Name of the new officer.
        acting: Which officer proposes her.
        session: This run.
    """
    registry = open_home(session)
    by, signer = open_officer(registry, acting, session)
    officer = registry.make_officer(name, session.environment)
    with remarks_aside():
        proposal = registry.propose(EnrolOfficer(officer), by, signer)
    _tell(session, registry, proposal)


def officer_dismiss(name: str, /, *, acting: Acting, session: Given) -> None:
    """Let an officer act no more.

    Counts once another officer agrees.

    Args:
        name: Name of the officer.
        acting: Which officer signs.
        session: This run.
    """
    propose(session, acting, DismissOfficer(name))


def officer_list(*, session: Given) -> None:
    """List the officers of the registry."""
    register = open_home(session).register()
    officers = [{"name": name, "key": write_registry_key(key)} for name, key in register.officers.items()]
    session.terminal.answer(
        {"officers": officers, "approvals": register.terms.approvals_min},
        table_of(["name", "key"], ([one["name"], one["key"]] for one in officers)),
        f"A change needs {count_of(register.terms.approvals_min, 'officer')}.",
    )


def serve(*, host: str | None = None, port: int | None = None, session: Given) -> None:
    """Serve the configuration, and take requests to join and to renew keys.

    Args:
        host: Address to listen on, else the one of registry.toml.
        port: Port to listen on, else the one of registry.toml.
        session: This run.
    """
    home = registry_home(session)
    listener = read_listener(home)
    host, port = host or listener.host, listener.port if port is None else port
    require_free(host, port)
    session.terminal.note(f"Serving the registry {home} at http://{host}:{port}/ (Ctrl-C ends it)")
    sys.stdout.flush()
    sys.stderr.flush()
    # The edges do not know each other: the web is started as the program that it is, in this one's place.
    words = [sys.executable, "-m", "rahdari.web.exchange.registry"]
    words += ["--home", str(home), "--host", host, "--port", str(port)]
    os.execv(words[0], words)  # noqa: S606 - our own interpreter with our own words, no shell


def propose(session: Session, acting: Acting, change: Change) -> None:
    """Propose a change and tell what became of it."""
    registry = open_home(session)
    officer, signer = open_officer(registry, acting, session)
    with remarks_aside():
        proposal = registry.propose(change, officer, signer)
    _tell(session, registry, proposal)


def _tell(session: Session, registry: Registry, proposal: Proposal) -> None:
    register = registry.register()
    document = {**proposal_document(register, proposal), "version": register.version}
    line = "It is done, and stands in the configuration."
    if document["missing"]:
        line = f"It needs {count_of(int(str(document['missing'])), 'more officer', 'more officers')}:"
    lines = [f"  {session.command(f'exchange approve {proposal.number} --officer NAME')}"]
    shown = {name: value for name, value in document.items() if name != "details"}
    session.terminal.answer(document, pairs(shown), line, *(lines if document["missing"] else ()))
