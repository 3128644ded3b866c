"""``rahdari exchange``: the registry of an instance; who takes part is decided by two of its officers."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.home import Listener
from rahdari.app.exchange.join_requests import WaitingRequest
from rahdari.app.exchange.registry import Registry
from rahdari.app.exchange.registry_founding import Founding, found_registry, read_listener
from rahdari.app.files import read_limited
from rahdari.cli.authority import Given
from rahdari.cli.exchange.opened import Acting, open_home, open_officer, registry_home, remarks_aside
from rahdari.cli.exchange.showing import proposal_document
from rahdari.cli.exchange.telling import Told, tell_change
from rahdari.cli.ports import require_free
from rahdari.cli.session import Session
from rahdari.cli.terminal import count_of, pairs, table_of
from rahdari.exchange import Proposal, ProposalState, Register, missing_approvals
from rahdari.wire.ndel.acts import (
    Change,
    DismissOfficer,
    EnrolOfficer,
    Join,
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
    told = [(one, tell_change(register, Join(one.text))) for one in waiting]
    requests = [
        {
            "id": one.read.id,
            "gateway": str(one.read.request.gateway.id),
            "url": one.read.request.gateway.url,
            "proposal": None if one.proposal is None else one.proposal.number,
            "signed_by": [] if one.proposal is None else sorted(one.proposal.signed_by),
            "told": words.as_document(),
        }
        for one, words in told
    ]
    # A request that an officer approved stands among the requests.
    others = [one for one in registry.pending() if not isinstance(one.change, Join)]
    proposals = [
        {
            **proposal_document(register, one),
            "told": tell_change(register, one.change).as_document(),
        }
        for one in registry.pending()
    ]
    lines = [line for one, words in told for line in _request_lines(session, register, one, words)]
    lines += [line for one in others for line in _proposal_lines(session, register, one)]
    session.terminal.answer(
        {"requests": requests, "proposals": proposals},
        *lines,
        f"{count_of(len(requests), 'request')} to join, {count_of(len(others), 'change')} waiting.",
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


def approve(name: str, /, *, replaces: str | None = None, acting: Acting, session: Given) -> None:
    """Sign a request or another officer's proposal; it counts once enough officers have.

    Args:
        name: Id of the request, or number of the proposal.
        replaces: The gateway whose keys this replaces, as PK/GOV/1001/gw1; must be named where it does.
        acting: Which officer signs.
        session: This run.
    """
    registry = open_home(session)
    named = None if replaces is None else read_security_server(replaces)
    officer, signer = open_officer(registry, acting, session)
    before = registry.register()
    with remarks_aside():
        proposal = registry.approve_any(name, officer, signer, replaces=named)
    _tell(session, registry, proposal, before)


def decline(name: str, /, *, acting: Acting, session: Given) -> None:
    """End a request or a proposal; one officer is enough.

    Args:
        name: Id of the request, or number of the proposal.
        acting: Which officer signs.
        session: This run.
    """
    registry = open_home(session)
    officer, signer = open_officer(registry, acting, session)
    before = registry.register()
    with remarks_aside():
        proposal = registry.decline_any(name, officer, signer)
    if proposal is None:
        session.terminal.answer(
            {"id": name, "state": "declined"}, f"The request {name} is declined, and gone."
        )
        return
    _tell(session, registry, proposal, before)


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
    before = registry.register()
    with remarks_aside():
        proposal = registry.propose(EnrolOfficer(officer), by, signer)
    _tell(session, registry, proposal, before)


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
    # The program that takes this one's place says that it serves, once it listens.
    session.terminal.note(f"Starting the registry {home} ...")
    sys.stdout.flush()
    sys.stderr.flush()
    # The edges do not know each other: the web is started as the program that it is, in this one's place.
    words = [sys.executable, "-P", "-m", "rahdari.web.exchange.registry"]
    words += ["--home", str(home), "--host", host, "--port", str(port)]
    os.execv(words[0], words)  # noqa: S606 - our own interpreter with our own words, no shell


def propose(session: Session, acting: Acting, change: Change) -> None:
    """Propose a change and tell what became of it."""
    registry = open_home(session)
    officer, signer = open_officer(registry, acting, session)
    before = registry.register()
    with remarks_aside():
        proposal = registry.propose(change, officer, signer)
    _tell(session, registry, proposal, before)


def _request_lines(session: Session, register: Register, one: WaitingRequest, told: Told) -> list[str]:
    proposal = one.proposal
    return _waiting_lines(
        session,
        f"Request {one.read.id}",
        told,
        name=one.read.id,
        signed_by=() if proposal is None else proposal.signed_by,
        missing=register.terms.approvals_min if proposal is None else missing_approvals(register, proposal),
    )


def _proposal_lines(session: Session, register: Register, proposal: Proposal) -> list[str]:
    return _waiting_lines(
        session,
        f"Proposal {proposal.number}",
        tell_change(register, proposal.change),
        name=str(proposal.number),
        signed_by=proposal.signed_by,
        missing=missing_approvals(register, proposal),
    )


def _waiting_lines(
    session: Session, heading: str, told: Told, *, name: str, signed_by: Iterable[str], missing: int
) -> list[str]:
    by = ", ".join(sorted(signed_by)) or "nobody yet"
    return [
        f"{heading}: {told.does}",
        *told.as_lines(),
        f"  signed by {by}; {count_of(missing, 'more officer')} needed:",
        f"    {_approval(session, name, told)}",
        "",
    ]


def _approval(session: Session, name: str, told: Told) -> str:
    replaces = "" if told.replaces is None else f" --replaces {told.replaces}"
    return session.command(f"exchange approve {name} --officer NAME{replaces}")


def _tell(session: Session, registry: Registry, proposal: Proposal, before: Register) -> None:
    """Tell what an officer did, in the words of the register as it was when she signed."""
    register = registry.register()
    told = tell_change(before, proposal.change)
    document = {
        **proposal_document(register, proposal),
        "told": told.as_document(),
        "version": register.version,
    }
    if registry.unpublished:
        document["unpublished"] = registry.unpublished
    line = {
        ProposalState.DONE: _published(registry),
        ProposalState.DECLINED: "It is declined.",
        ProposalState.PENDING: f"It needs {count_of(int(str(document['missing'])), 'more officer')}:",
    }[proposal.state]
    shown = {name: document[name] for name in ("proposal", "state", "signed_by", "missing", "version")}
    session.terminal.answer(
        document,
        f"{told.does[0].upper()}{told.does[1:]}",
        *told.as_lines(),
        pairs(shown),
        line,
        *([f"  {_approval(session, str(proposal.number), told)}"] if document["missing"] else ()),
    )


def _published(registry: Registry) -> str:
    if not (why := registry.unpublished):
        return "It is done, and stands in the configuration."
    then = "Once the disk can be written, the registry's server publishes it, or the next act of an officer."
    return f"It is done, but not published yet: {why}. {then}"
