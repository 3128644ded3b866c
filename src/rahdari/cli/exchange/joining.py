"""``rahdari exchange join`` and ``status``: a gateway's way into its instance, and how it stands there."""

import asyncio
import shlex
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from cyclopts import Parameter

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.configuration_files import ConfigurationFiles
from rahdari.app.exchange.edge_tls import EdgeTlsSettings
from rahdari.app.exchange.fetching import Unfetched
from rahdari.app.exchange.following import Following
from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import (
    FILE_NAME,
    Anchor,
    GatewayHome,
    Listener,
    create_home,
    open_keys,
    read_home,
    subsystem_of,
)
from rahdari.app.exchange.joining import (
    kept_request,
    make_request,
    send_request,
    verify_registry,
    wait_for_entry,
)
from rahdari.app.exchange.registry import PUBLIC_FILE
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.opened import gateway_home, remarks_aside
from rahdari.cli.exchange.showing import moment
from rahdari.cli.session import Session
from rahdari.cli.terminal import pairs, table_of
from rahdari.exchange import ClientProof, ConfigurationRefused, Directory, LocalClient
from rahdari.wire.ndel.configuration import read_registry_key
from rahdari.wire.ndel.joining import read_join
from rahdari.wire.ndel.json_members import require_origin
from rahdari.wire.ndel.parties_as_json import read_member_id
from rahdari.wire.xroad import SecurityServerId

_GATEWAY: Final = "gw1"
_SUSPENDED: Final = (
    "The member {} is SUSPENDED: it neither asks nor answers until the registry's officers reinstate it."
)
_WORDS = {
    "waiting": "The registry has the request; two of its officers must approve it.",
    "proposed": "One officer approved the request; another one must still do so.",
    "entered": "The gateway is in the configuration.",
    "declined": "The registry's officers declined the request; ask them why.",
    "left": "The gateway was entered once and is not now: it was removed, or its key was withdrawn.",
}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a gateway is reached."""

    url: Annotated[
        str | None, Parameter(help="Where other gateways reach this one, as https://host:port.")
    ] = None
    edge_port: Annotated[int, Parameter(help="Port for the member's own information systems.")] = 8080
    edge_host: Annotated[str, Parameter(help="Address for the member's own information systems.")] = (
        "127.0.0.1"
    )
    edge_tls: Annotated[
        bool, Parameter(help="Speak TLS there, with a certificate that the gateway makes.")
    ] = False
    peer_host: Annotated[
        str | None, Parameter(help="Address to listen on for other gateways; else the host of --url.")
    ] = None
    peer_port: Annotated[
        int | None, Parameter(help="Port to listen on for other gateways; else the port of --url.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Party:
    """Whose gateway it is."""

    member: Annotated[str | None, Parameter(help="The member, as PK/GOV/1001.")] = None
    subsystem: Annotated[tuple[str, ...], Parameter(help="A subsystem of the member; may be repeated.")] = ()
    gateway: Annotated[str | None, Parameter(help="Name of this gateway among the member's; else gw1.")] = (
        None
    )
    name: Annotated[
        tuple[str, ...], Parameter(help="The member's name in a language, as en=Sample Office; repeatable.")
    ] = field(default=())


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asking:
    """How the registry is asked."""

    wait: Annotated[int, Parameter(help="How many seconds to wait for the registry's officers.")] = 0
    anew: Annotated[
        bool,
        Parameter(help="Make a new message key and certificate first: the old ones are lost or withdrawn."),
    ] = False


_ASKING, _PARTY, _PLACE = Asking(), Party(), Place()


def join(
    *,
    registry: str | None = None,
    registry_key: tuple[str, ...] = (),
    party: Party = _PARTY,
    place: Place = _PLACE,
    asking: Asking = _ASKING,
    session: Given,
) -> None:
    """Make a gateway's home with its keys, and ask the registry to take it in.

    Run it again to go on: what the home knows need not be said again.

    Args:
        registry: Address of the registry, or the folder or file of its configuration on this machine.
        registry_key: Key of the registry, told by another way than its address; may be repeated.
        party: Whose gateway it is.
        place: Where it is reached.
        asking: How the registry is asked.
        session: This run.
    """
    folder = gateway_home(session)
    asked = _Asked(registry, registry_key, party, place)
    is_there = (folder / FILE_NAME).is_file()
    home = _require_same(read_home(folder), asked) if is_there else _planned(folder, asked)
    unverified = _verify(home)
    keys = _open(home, session) if is_there else _make(home, session)
    if asking.anew and is_there:
        keys.renew(SystemClock().now())
    kept = None if asking.anew else kept_request(home)
    text = kept or make_request(home, keys, SystemClock())
    request = read_join(text).id
    state, why = _send(home, text, request, asking.wait)
    directory, is_fresh = _follow(home) if state in {"entered", "unsent"} else (None, False)
    if directory is not None and _is_in_force(directory, keys):
        state = "entered"
    elif is_fresh and state == "entered":
        state = "left"
    document = {
        "home": str(folder),
        "gateway": str(home.id),
        "url": home.url,
        "request": request,
        "file": str(home.request_file),
        "state": state,
        "registry_verified": not unverified,
        "version": None if directory is None else directory.version,
    }
    if unverified:
        session.terminal.note(
            f"The registry key could not be held against the registry's configuration yet: {unverified}"
        )
    session.terminal.answer(document, pairs(document), *_next(home, session, state, why))


def status(*, fetch: bool = False, session: Given) -> None:
    """Show how a gateway stands: its configuration, its keys, what is due.

    Args:
        fetch: Ask the registry for a newer configuration first.
        session: This run.
    """
    home = read_home(gateway_home(session))
    keys = open_keys(home, session.environment, chance=SystemChance())
    directory = _follow(home)[0] if fetch else _cached(home)
    now = int(SystemClock().now().timestamp())
    held = [
        {
            "keyid": one.key.keyid,
            "until": moment(one.key.not_after),
            "in_force": directory is not None and directory.message_key(one.key.keyid, now) is not None,
        }
        for one in keys.messages
    ]
    suspended = None if directory is None else _suspended_at(directory, home)
    document = {
        "gateway": str(home.id),
        "url": home.url,
        "edge": home.edge_url,
        "registry": list(home.anchor.urls),
        "entered": directory is not None and directory.gateway(home.id) is not None,
        "member_suspended": moment(suspended),
        "version": None if directory is None else directory.version,
        "expires": None if directory is None else moment(directory.home.expires),
        "expired": directory is None or directory.is_expired(now),
        "federated_with": [] if directory is None else sorted(directory.others),
        "clients": [str(one) for one in home.clients],
        "certificate_until": moment(keys.held_certificates[-1].certificate.not_after),
    }
    session.terminal.answer(
        {**document, "keys": held},
        pairs({**document, "entered": "suspended"} if suspended is not None else document),
        table_of(
            ["message key", "until", "in force"],
            ([one["keyid"], one["until"], one["in_force"]] for one in held),
        ),
        *([] if suspended is None else [_SUSPENDED.format(home.member)]),
        *([] if directory is None or suspended is not None else _way_in(directory, keys, session)),
    )


def _is_in_force(directory: Directory, keys: GatewayKeys) -> bool:
    now = int(SystemClock().now().timestamp())
    is_pinned = directory.gateway_by_certificate(keys.certificates[-1]) is not None
    return is_pinned and any(directory.message_key(one.key.keyid, now) for one in keys.messages)


def _way_in(directory: Directory, keys: GatewayKeys, session: Session) -> list[str]:
    if _is_in_force(directory, keys):
        return []
    return [
        "No key of this gateway is in force: it is not entered yet, was removed, or its key was withdrawn. Ask:",
        f"  {session.command('exchange join')}    (--anew, where it was entered before)",
    ]


def _suspended_at(directory: Directory, home: GatewayHome) -> int | None:
    return next((one.suspended_at for one in directory.home.members if one.id == home.member), None)


class _Asked(NamedTuple):
    registry: str | None
    registry_key: tuple[str, ...]
    party: Party
    place: Place


def _planned(folder: Path, asked: _Asked) -> GatewayHome:
    registry, registry_key, party, place = asked
    needed = (
        ("--registry", registry),
        ("--registry-key", registry_key),
        ("--member", party.member),
        ("--url", place.url),
    )
    missing = [name for name, given in needed if not given]
    if not (registry and registry_key and party.member and place.url):
        raise BadUsage(f"{folder} holds no gateway yet; to make one, say also {', '.join(missing)}")
    member = read_member_id(party.member)
    host, port = require_origin(place.url)
    clients = (subsystem_of(member, code) for code in party.subsystem)
    return GatewayHome(
        folder=folder,
        id=SecurityServerId(*(*member.parts, party.gateway or _GATEWAY)),
        url=place.url,
        name=_names(party.name) or {"en": str(member)},
        subsystems=party.subsystem,
        edge=Listener(place.edge_host, place.edge_port),
        peer=Listener(place.peer_host or host, port if place.peer_port is None else place.peer_port),
        anchor=Anchor(
            member.instance, (_address(registry),), tuple(read_registry_key(one) for one in registry_key)
        ),
        clients={one: LocalClient(one, ClientProof.NETWORK) for one in clients},
        edge_tls=EdgeTlsSettings() if place.edge_tls else None,
    )


def _require_same(home: GatewayHome, asked: _Asked) -> GatewayHome:
    """Give the home that is there, if nothing was said that it contradicts."""
    registry, registry_key, party, place = asked
    member, gateway = party.member or str(home.member), party.gateway or home.id.server_code
    if f"{member}/{gateway}" != str(home.id) or (place.url or home.url) != home.url:
        raise BadUsage(
            f"{home.folder} holds the gateway {home.id} at {home.url}; choose another folder with --home"
        )
    keys = tuple(read_registry_key(one) for one in registry_key)
    contradicted = (
        ("--registry", registry is not None and _address(registry) not in home.anchor.urls),
        ("--registry-key", bool(set(keys) - set(home.anchor.keys))),
        ("--subsystem", bool(set(party.subsystem) - set(home.subsystems))),
    )
    for name, is_other in contradicted:
        if is_other:
            raise BadUsage(f"{home.folder / FILE_NAME} says another {name}; what it says is changed there")
    return home


def _verify(home: GatewayHome) -> str:
    with remarks_aside():
        return asyncio.run(verify_registry(home))


def _make(home: GatewayHome, session: Session) -> GatewayKeys:
    return create_home(home, session.environment, at=SystemClock().now(), chance=SystemChance())


def _open(home: GatewayHome, session: Session) -> GatewayKeys:
    return open_keys(home, session.environment, chance=SystemChance())


def _address(registry: str) -> str:
    if registry.startswith(("http://", "https://")):
        return registry if registry.endswith(".jws") else registry.rstrip("/") + f"/{PUBLIC_FILE}"
    path = Path(registry.removeprefix("file:"))
    if path.is_dir():
        path = path / "public" / PUBLIC_FILE
    return f"file:{path.absolute()}"


def _send(home: GatewayHome, text: str, request: str, wait: int) -> tuple[str, str]:
    if all(url.startswith("file:") for url in home.anchor.urls):
        return "unsent", ""
    try:
        _, state = asyncio.run(send_request(home, text))
        if wait > 0 and state in {"waiting", "proposed"}:
            state = asyncio.run(wait_for_entry(home, request, seconds=float(wait)))
    except Unfetched as failure:
        return "unsent", str(failure)
    return state, ""


def _next(home: GatewayHome, session: Session, state: str, why: str) -> list[str]:
    if state == "entered":
        return [_WORDS[state], "Serve it with:", f"  {session.command('exchange serve')}"]
    if state == "left":
        return [_WORDS[state], "Ask anew, with new keys:", f"  {session.command('exchange join --anew')}"]
    if state != "unsent":
        return [_WORDS[state], "Look again with:", f"  {session.command('exchange status --fetch')}"]
    file = shlex.quote(str(home.request_file))
    reason = f"{why}. " if why else ""
    return [
        f"{reason}Bring the request to the registry, where an officer runs:",
        f"  rahdari exchange receive {file} --home REGISTRY",
    ]


def _follow(home: GatewayHome) -> tuple[Directory | None, bool]:
    """Ask the registry; give the directory, and whether it is the registry's own word of now."""
    following = Following(home, clock=SystemClock(), chance=SystemChance())
    # Where nothing is known yet, what is fetched now is the first.
    with remarks_aside():
        with suppress(ConfigurationRefused):
            following.load()
        asyncio.run(following.refresh_now())
    with suppress(ConfigurationRefused):
        return following.directory, following.age_seconds() is not None
    return None, False


def _cached(home: GatewayHome) -> Directory | None:
    if ConfigurationFiles(home.configuration_folder).read(home.anchor.instance) is None:
        return None
    with remarks_aside():
        return Following(home, clock=SystemClock(), chance=SystemChance()).load()


def _names(given: tuple[str, ...]) -> dict[str, str]:
    names = {}
    for text in given:
        language, sign, name = text.partition("=")
        if not sign:
            raise BadUsage(f"--name {text!r} names no language; write --name en=…")
        names[language] = name
    return names
