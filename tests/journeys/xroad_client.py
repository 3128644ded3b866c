"""An X-Road REST client as an information system has one.

Written from the public documents alone (PR-REST 1.0.4, 4 and annex A; PR-META 2.15, 2; PR-MREST 0.5), with the
standard library; nothing of this project is used, so that it cannot share a misreading with the gateway.
"""

import base64
import hashlib
import http.client
import json
import ssl
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

_IDENTIFIERS = "{http://x-road.eu/xsd/identifiers}"
_XROAD = "{http://x-road.eu/xsd/xroad.xsd}"
_ID_PARTS = ("xRoadInstance", "memberClass", "memberCode", "subsystemCode")


_COMPONENTS = (
    ("client.", "client"),
    ("server.clientproxy.", "own server"),
    ("server.serverproxy.", "their server"),
)


class XRoadError(Exception):
    """The exchange itself failed: X-Road-Error is there (PR-REST, 4.6).

    ``component`` is where, by the example of tracking the source of an error: the client, its own security server,
    or the provider's.
    """

    def __init__(self, status: int, document: Mapping[str, str]) -> None:
        super().__init__(f"{status} {document['type']}: {document['message']}")
        self.status, self.type, self.message, self.detail = (
            status, document["type"], document["message"], document["detail"],
        )  # fmt: skip
        self.component = next(
            (where for start, where in _COMPONENTS if self.type.lower().startswith(start)), "unknown"
        )


@dataclass(frozen=True)
class ServiceAnswer:
    """What the service answered, through two security servers."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    message_id: str = ""
    request_id: str = ""
    request_hash: str = ""
    client: str = ""
    service: str = ""

    def json(self) -> object:
        return json.loads(self.body)


class XRoadClient:
    """Calls services through one security server, for one client."""

    def __init__(
        self, host: str, port: int, client: Sequence[str], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._host, self._port, self._client, self._tls = host, port, encode(client), tls

    def call(  # noqa: PLR0913 - a whole request
        self,
        service: Sequence[str],
        path: str = "",
        *,
        method: str = "GET",
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        message_id: str = "",
    ) -> ServiceAnswer:
        """PR-REST, 4.1: {method} /r1/{serviceId}[/path][?query], X-Road-Client beside it."""
        target = f"/r1/{encode(service)}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        sent = {"X-Road-Client": self._client, **(headers or {})}
        if message_id:
            sent["X-Road-Id"] = message_id
        return self._ask(method, target, sent, body)

    def list_clients(self, instance: str = "") -> list[dict[str, object]]:
        """PR-META, 2: of one's own instance where none is named."""
        query = f"?xRoadInstance={urllib.parse.quote(instance, safe='')}" if instance else ""
        answer = self._ask("GET", f"/listClients{query}", {"Accept": "application/json"}, None)
        return _rows(answer.json(), "member")

    def list_clients_in_xml(self) -> list[tuple[str, ...]]:
        """PR-META, C.1: the same as XML, what is given where Accept does not ask for JSON; ids by their parts."""
        root = ET.fromstring(self._ask("GET", "/listClients", {}, None).body)  # noqa: S314 - our own gateway
        assert root.tag == f"{_XROAD}clientList"
        found = []
        for member in root.iter(f"{_XROAD}member"):
            identifier = member.find(f"{_XROAD}id")
            assert identifier is not None
            kind = identifier.get(f"{_IDENTIFIERS}objectType") or ""
            parts = [identifier.findtext(_IDENTIFIERS + name) for name in _ID_PARTS]
            found.append(
                (kind, *(one for one in parts if one is not None), member.findtext(f"{_XROAD}name") or "")
            )
        return found

    def list_methods(
        self, subsystem: Sequence[str], *, only_allowed: bool = False
    ) -> list[dict[str, object]]:
        code = "allowedMethods" if only_allowed else "listMethods"
        return _rows(self.call([*subsystem, code]).json(), "service")

    def get_description(self, subsystem: Sequence[str], service_code: str) -> bytes:
        return self.call([*subsystem, "getOpenAPI"], query={"serviceCode": service_code}).body

    def _ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> ServiceAnswer:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=20)
        if self._tls is not None:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=20, context=self._tls)
        try:
            connection.request(method, target, body=body, headers=dict(headers))
            answer = connection.getresponse()
            raw = answer.read()
            told = {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()
        if "x-road-error" in told:
            document = _read_error(told["content-type"], raw)
            assert document["type"] == told["x-road-error"]
            raise XRoadError(answer.status, document)
        return ServiceAnswer(
            answer.status,
            told,
            raw,
            told.get("x-road-id", ""),
            told.get("x-road-request-id", ""),
            told.get("x-road-request-hash", ""),
            told.get("x-road-client", ""),
            told.get("x-road-service", ""),
        )


def hash_request(headers: bytes, body: bytes) -> str:
    """PR-REST, 4.3: base64 of SHA512(SHA512(headers)+SHA512(body)), of SHA512(headers) where there is no body."""
    head = hashlib.sha512(headers).digest()
    whole = hashlib.sha512(head + hashlib.sha512(body).digest()).digest() if body else head
    return base64.b64encode(whole).decode("ascii")


def _read_error(content_type: str, raw: bytes) -> dict[str, str]:
    """PR-REST, 4.6: of the kind that Accept asked for, JSON otherwise."""
    if content_type.split(";", maxsplit=1)[0].strip() == "application/json":
        document = json.loads(raw)
    else:
        root = ET.fromstring(raw)  # noqa: S314 - our own gateway
        assert root.tag == "error"
        document = {one.tag: one.text or "" for one in root}
    assert isinstance(document, dict)
    assert set(document) == {"type", "message", "detail"}
    return document


def encode(parts: Sequence[str]) -> str:
    """PR-REST, 4.1: each part percent-encoded as UTF-8, a slash within one too."""
    return "/".join(urllib.parse.quote(part, safe="") for part in parts)


def _rows(document: object, name: str) -> list[dict[str, object]]:
    assert isinstance(document, dict)
    rows = document[name]
    assert isinstance(rows, list)
    return rows
