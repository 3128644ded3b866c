"""``rahdari exchange call``: asks a service through a gateway's edge, for people who want to see it work."""

import http.client
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from cyclopts import Parameter

from rahdari.app.exchange.home import FILE_NAME, read_home
from rahdari.app.files import read_limited
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.opened import gateway_home
from rahdari.cli.session import Session
from rahdari.cli.terminal import pairs
from rahdari.exchange import CallRefused
from rahdari.wire.xroad import METHODS, ErrorType, Fault, Origin, read_client, read_target

# What a person wants to see on a screen, or send from one.
ANSWER_BYTES_MAX: Final = 16 << 20
BODY_BYTES_MAX: Final = 16 << 20
CONSENT_BYTES_MAX: Final = 4096
SECONDS: Final = 130.0
_SHOWN: Final = frozenset({"x-road-id", "x-road-request-id", "x-road-request-hash", "content-type"})


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who asks, and why."""

    client: Annotated[str | None, Parameter(help="Who asks; else the gateway's one client.")] = None
    purpose: Annotated[
        str | None, Parameter(help="Why; else the one that the gateway sets for the client.")
    ] = None
    consent: Annotated[Path | None, Parameter(help="File with the person's consent.")] = None
    token: Annotated[
        Path | None, Parameter(help="File with the client's token, if it proves itself by one.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Sending:
    """What is sent, and where to."""

    method: Annotated[str, Parameter(help="HTTP method.")] = "GET"
    body: Annotated[Path | None, Parameter(help="File with the body.")] = None
    content_type: Annotated[str, Parameter(help="Media type of the body.")] = "application/json"
    gateway: Annotated[
        str | None, Parameter(help="Address of the edge (http://host:port); else the home's own.")
    ] = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    fields: dict[str, str]
    body: bytes = field(repr=False)


_ASKING, _SENDING = Asking(), Sending()


def call(target: str, *, asking: Asking = _ASKING, sending: Sending = _SENDING, session: Given) -> int:
    """Call a service through a gateway, as an information system of the member does.

    Args:
        target: Service, path and query: PK/GOV/1001/registry/persons/v1/persons/77?fields=name
        asking: Who asks, and why.
        sending: What is sent, and where to.
        session: This run.
    """
    path = target if target.startswith("/") else f"/r1/{target}"
    read_target(path.encode("ascii", "replace"))
    if sending.method not in METHODS:
        raise BadUsage(f"--method is one of {', '.join(sorted(METHODS))}")
    edge, client = _edge(sending, asking, session)
    answer = _ask(edge, path, _fields(asking, sending, client), sending)
    _show(answer, session)
    return 0 if answer.status < 400 else 1


def _edge(sending: Sending, asking: Asking, session: Session) -> tuple[str, str]:
    folder = gateway_home(session)
    if sending.gateway is not None and asking.client is not None:
        return sending.gateway, str(read_client(asking.client))
    if not (folder / FILE_NAME).is_file():
        raise BadUsage(f"{folder} holds no gateway: name --gateway and --client, or another --home")
    home = read_home(folder)
    if asking.client is None and len(home.clients) != 1:
        known = ", ".join(str(one) for one in home.clients) or "none"
        raise BadUsage(f"the gateway has these clients: {known}; name one with --client")
    client = asking.client or str(next(iter(home.clients)))
    return sending.gateway or f"http://{home.edge.host}:{home.edge.port}", str(read_client(client))


def _fields(asking: Asking, sending: Sending, client: str) -> dict[str, str]:
    fields = {"X-Road-Client": client, "Accept": "application/json"}
    if asking.purpose:
        fields["ndel-purpose"] = asking.purpose
    if asking.consent:
        fields["ndel-consent"] = _text(asking.consent)
    if asking.token:
        fields["ndel-client-token"] = _text(asking.token)
    if sending.body:
        fields["Content-Type"] = sending.content_type
    return fields


def _text(file: Path) -> str:
    text = read_limited(file, size_bytes_max=CONSENT_BYTES_MAX).decode("ascii", "replace").strip()
    if not text.isprintable() or "\ufffd" in text:
        raise BadUsage(f"{file} holds one line of visible ASCII")
    return text


def _ask(edge: str, path: str, fields: dict[str, str], sending: Sending) -> _Answer:
    split = urlsplit(edge)
    if split.scheme not in {"http", "https"} or not split.hostname:
        raise BadUsage("--gateway is an address such as http://127.0.0.1:8080")
    body = read_limited(sending.body, size_bytes_max=BODY_BYTES_MAX) if sending.body else None
    kind = http.client.HTTPSConnection if split.scheme == "https" else http.client.HTTPConnection
    try:
        with closing(kind(split.hostname, split.port, timeout=SECONDS)) as connection:
            connection.request(sending.method, path, body=body, headers=fields)
            answer = connection.getresponse()
            return _Answer(
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                answer.read(ANSWER_BYTES_MAX),
            )
    except (OSError, http.client.HTTPException) as error:
        raise CallRefused(
            ErrorType(Origin.CLIENT_PROXY, (Fault.NETWORK_ERROR,)),
            f"the gateway at {edge} does not answer ({type(error).__name__}); is it served?",
        ) from None


def _show(answer: _Answer, session: Session) -> None:
    text = answer.body.decode("utf-8", "replace")
    document = {
        "status": answer.status,
        "error": answer.fields.get("x-road-error"),
        "headers": {name: value for name, value in answer.fields.items() if name in _SHOWN},
        "body": text,
    }
    told = {"status": answer.status, "error": answer.fields.get("x-road-error")}
    told["exchange"] = answer.fields.get("x-road-request-id")
    session.terminal.answer(document, pairs(told), text)
