"""``rahdari exchange call``: asks a service through a gateway's edge, for people who want to see it work."""

import http.client
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from cyclopts import Parameter

from rahdari.app.exchange.home import FILE_NAME, GatewayHome, read_home
from rahdari.app.files import read_limited, write_whole
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.edge_connection import Connecting, make_context
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
    id: Annotated[
        str | None,
        Parameter(help="X-Road-Id of the message, to which a sealed body is bound; else one that is drawn."),
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Sending:
    """What is sent, and where to."""

    method: Annotated[str, Parameter(help="HTTP method.")] = "GET"
    body: Annotated[Path | None, Parameter(help="File with the body.")] = None
    content_type: Annotated[str, Parameter(help="Media type of the body.")] = "application/json"
    out: Annotated[
        Path | None, Parameter(help="File for the answer's body, byte for byte; else it is shown.")
    ] = None
    gateway: Annotated[
        str | None, Parameter(help="Address of the edge (https://host:port); else the home's own.")
    ] = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    fields: dict[str, str]
    body: bytes = field(repr=False)


_ASKING, _SENDING, _CONNECTING = Asking(), Sending(), Connecting()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the edge is, who asks there, and whose edge it is, where that is known."""

    edge: str
    client: str
    home: GatewayHome | None


def call(
    target: str,
    *,
    asking: Asking = _ASKING,
    sending: Sending = _SENDING,
    connecting: Connecting = _CONNECTING,
    session: Given,
) -> int:
    """Call a service through a gateway, as an information system of the member does.

    Args:
        target: Service, path and query: PK/GOV/1001/registry/persons/v1/persons/77?fields=name
        asking: Who asks, and why.
        sending: What is sent, and where to.
        connecting: Certificates, where the edge has TLS.
        session: This run.
    """
    path = target if target.startswith("/") else f"/r1/{target}"
    read_target(path.encode("ascii", "replace"))
    if sending.method not in METHODS:
        raise BadUsage(f"--method is one of {', '.join(sorted(METHODS))}")
    place = _place(sending, asking, session)
    is_secret = urlsplit(place.edge).scheme == "https"
    context = make_context(connecting, place.home) if is_secret else None
    answer = _ask(place.edge, path, _fields(asking, sending, place.client), sending, context=context)
    _show(answer, sending.out, session)
    return 0 if answer.status < 400 else 1


def _place(sending: Sending, asking: Asking, session: Session) -> _Place:
    folder = gateway_home(session)
    if sending.gateway is not None and asking.client is not None:
        return _Place(sending.gateway, str(read_client(asking.client)), None)
    if not (folder / FILE_NAME).is_file():
        raise BadUsage(f"{folder} holds no gateway: name --gateway and --client, or another --home")
    home = read_home(folder)
    if asking.client is None and len(home.clients) != 1:
        known = ", ".join(str(one) for one in home.clients) or "none"
        raise BadUsage(f"the gateway has these clients: {known}; name one with --client")
    client = asking.client or str(next(iter(home.clients)))
    is_own = sending.gateway in {None, home.edge_url}
    return _Place(sending.gateway or home.edge_url, str(read_client(client)), home if is_own else None)


def _fields(asking: Asking, sending: Sending, client: str) -> dict[str, str]:
    fields = {"X-Road-Client": client, "Accept": "application/json"}
    if asking.purpose:
        fields["ndel-purpose"] = asking.purpose
    if asking.consent:
        fields["ndel-consent"] = _text(asking.consent)
    if asking.token:
        fields["ndel-client-token"] = _text(asking.token)
    if asking.id:
        fields["X-Road-Id"] = _visible(asking.id, "--id")
    if sending.body:
        fields["Content-Type"] = sending.content_type
    return fields


def _text(file: Path) -> str:
    text = read_limited(file, size_bytes_max=CONSENT_BYTES_MAX).decode("ascii", "replace").strip()
    return _visible(text, str(file))


def _visible(text: str, place: str) -> str:
    # A field line of HTTP (RFC 9110, 5.5); what else it may say, the gateway tells.
    if not text.isprintable() or not text.isascii():
        raise BadUsage(f"{place} holds one line of visible ASCII")
    return text


def _ask(
    edge: str, path: str, fields: dict[str, str], sending: Sending, *, context: ssl.SSLContext | None
) -> _Answer:
    split = urlsplit(edge)
    if split.scheme not in {"http", "https"} or not split.hostname:
        raise BadUsage("--gateway is an address such as http://127.0.0.1:8080")
    body = read_limited(sending.body, size_bytes_max=BODY_BYTES_MAX) if sending.body else None
    try:
        with closing(_connect(split.hostname, split.port, context)) as connection:
            connection.request(sending.method, path, body=body, headers=fields)
            answer = connection.getresponse()
            return _Answer(
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                answer.read(ANSWER_BYTES_MAX),
            )
    except ssl.SSLError as error:
        raise CallRefused(
            ErrorType(Origin.CLIENT_PROXY, (Fault.SSL_AUTHENTICATION_FAILED,)),
            f"the gateway at {edge} and this client do not believe each other ({error.reason or 'TLS'}); --ca "
            "names the edge's certificate, --cert the client's, which gateway.toml names",
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise CallRefused(
            ErrorType(Origin.CLIENT_PROXY, (Fault.NETWORK_ERROR,)),
            f"the gateway at {edge} does not answer ({type(error).__name__}); is it served?",
        ) from None


def _connect(host: str, port: int | None, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    if context is None:
        return http.client.HTTPConnection(host, port, timeout=SECONDS)
    return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)


def _show(answer: _Answer, out: Path | None, session: Session) -> None:
    error = answer.fields.get("x-road-error")
    if error is not None:
        # What the exchange says of a failure is no answer of the service: it is read, not kept.
        out = None
    if out is not None:
        write_whole(out, answer.body)
    text = answer.body.decode("utf-8", "replace") if out is None else ""
    document = {
        "status": answer.status,
        "error": error,
        "exchange": answer.fields.get("x-road-request-id"),
        "headers": {name: value for name, value in answer.fields.items() if name in _SHOWN},
        "body": text if out is None else None,
        "file": None if out is None else str(out),
    }
    told = {"status": answer.status, "error": error, "exchange": answer.fields.get("x-road-request-id")}
    if out is not None:
        told["answer"] = f"{len(answer.body)} bytes in {out}"
    session.terminal.answer(document, pairs(told), *text.splitlines())
