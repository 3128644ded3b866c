"""An X-Road REST client as an information system has one.

Written from the public documents alone (PR-REST 1.0.4, 4 and annex A; PR-META 2.15, 2; PR-MREST 0.5), with the
standard library; nothing of this project is used, so that it cannot share a misreading with the gateway.
"""

import http.client
import json
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


class XRoadError(Exception):
    """The exchange itself failed: X-Road-Error is there (PR-REST, 4.6)."""

    def __init__(self, status: int, document: Mapping[str, str]) -> None:
        super().__init__(f"{status} {document['type']}: {document['message']}")
        self.status, self.type, self.message, self.detail = (
            status, document["type"], document["message"], document["detail"],
        )  # fmt: skip


@dataclass(frozen=True)
class ServiceAnswer:
    """What the service answered, through two security servers."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    message_id: str = ""
    request_id: str = ""
    request_hash: str = ""

    def json(self) -> object:
        return json.loads(self.body)


class XRoadClient:
    """Calls services through one security server, for one client."""

    def __init__(self, host: str, port: int, client: Sequence[str]) -> None:
        self._host, self._port, self._client = host, port, encode(client)

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

    def list_clients(self) -> list[dict[str, object]]:
        answer = self._ask("GET", "/listClients", {"Accept": "application/json"}, None)
        return _rows(answer.json(), "member")

    def list_methods(
        self, subsystem: Sequence[str], *, only_allowed: bool = False
    ) -> list[dict[str, object]]:
        code = "allowedMethods" if only_allowed else "listMethods"
        return _rows(self.call([*subsystem, code]).json(), "service")

    def get_description(self, subsystem: Sequence[str], service_code: str) -> bytes:
        return self.call([*subsystem, "getOpenAPI"], query={"serviceCode": service_code}).body

    def _ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> ServiceAnswer:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=20)
        try:
            connection.request(method, target, body=body, headers=dict(headers))
            answer = connection.getresponse()
            raw = answer.read()
            told = {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()
        if "x-road-error" in told:
            document = json.loads(raw)
            assert document["type"] == told["x-road-error"]
            raise XRoadError(answer.status, document)
        return ServiceAnswer(
            answer.status,
            told,
            raw,
            told.get("x-road-id", ""),
            told.get("x-road-request-id", ""),
            told.get("x-road-request-hash", ""),
        )


def encode(parts: Sequence[str]) -> str:
    """PR-REST, 4.1: each part percent-encoded as UTF-8, a slash within one too."""
    return "/".join(urllib.parse.quote(part, safe="") for part in parts)


def _rows(document: object, name: str) -> list[dict[str, object]]:
    assert isinstance(document, dict)
    rows = document[name]
    assert isinstance(rows, list)
    return rows
