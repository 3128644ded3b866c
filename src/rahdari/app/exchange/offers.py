"""``services.toml``: what a member offers through its gateway, and to whom. Read strictly, anew when it changes.

Each service, operation and grant is a table; whatever stands nowhere is granted to nobody.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

import structlog

from rahdari.app.exchange.toml_fields import Fields
from rahdari.app.files import read_limited
from rahdari.exchange.errors import OfferRefused
from rahdari.exchange.values.services import (
    ConsentRule,
    Durability,
    Offer,
    Operation,
    Rate,
    Service,
    SubjectPlace,
    SubjectSource,
)
from rahdari.kernel import Problem
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.json_members import require_names, require_word
from rahdari.wire.strict_toml import read_toml
from rahdari.wire.xroad import (
    RESERVED_SERVICE_CODES,
    ClientId,
    MemberId,
    PathTemplate,
    ServiceId,
    ServiceType,
    TemplateSet,
    read_client,
    read_service,
    read_template,
)

FILE_NAME: Final = "services.toml"
# A hundred services of a hundred operations, 200 bytes each, with their grants.
FILE_BYTES_MAX: Final = 8 << 20
# OpenAPI documents of large registers have one or two megabytes.
DESCRIPTION_BYTES_MAX: Final = 4 << 20
# A broken offer is read again at each tenth look: what it names may be there by then.
_AGAIN_LOOKS: Final = 10
SERVICES_MAX: Final = 1000
OPERATIONS_MAX: Final = 512
GRANTS_MAX: Final = 20_000
_NAMES_MAX: Final = 64
_TIMEOUT_SECONDS_MAX: Final = 600
_BASE_URL: Final = re.compile(r"https?://[!$-;=?-Z_a-z~\[\]]+")
_B64TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{16,4096}=*")
_HEADING: Final = re.compile(r"^[ \t]*\[\[[ \t]*([a-z.]+)[ \t]*\]\]", re.MULTILINE)

_LOG = structlog.get_logger("rahdari.exchange.offers")


@dataclass(frozen=True, slots=True)
class ReadOffer:
    """An offer, and what is odd about it though it can be."""

    offer: Offer
    remarks: tuple[str, ...]


@dataclass(slots=True)
class OfferFile:
    """The offer of a file. ``refresh`` reads it anew when it changed; the last good one is kept.

    A file that is gone while it is in use withdraws nothing: that takes an empty one, or a new start.

    Raises:
        OfferRefused: the file is there and cannot be read. A gateway without one offers nothing.
    """

    path: Path
    member: MemberId
    offer: Offer = field(init=False, repr=False)
    fault: str = field(init=False, default="")
    _stamp: tuple[int, int, int] = field(init=False, repr=False)
    _was_there: bool = field(init=False, repr=False)
    _looks: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        self._stamp, self._was_there = _stamp_of(self.path), _is_there(self.path)
        self.offer = read_offer_file(self.path, self.member).offer

    def refresh(self, *, always: bool = False) -> bool:
        """Read the file if it changed; tell whether a new offer is in use. A broken one is said once, and left."""
        stamp = _stamp_of(self.path)
        if stamp == self._stamp and not always and not self._is_tried_again():
            return False
        self._stamp = stamp
        try:
            is_there = _is_there(self.path)
            if self._was_there and not is_there:
                raise OfferRefused(f"{self.path.name} is gone; to offer nothing, leave an empty file there")
            self.offer, self.fault = read_offer_file(self.path, self.member).offer, ""
            self._was_there = is_there
        except Problem as problem:
            fault = f"{problem.message}; the offer before it stays in use"
            if fault != self.fault or always:
                _LOG.error("offer_not_read", why=problem.message, kept="the one before")
            self.fault = fault
            return False
        _LOG.info("offer_read", services=len(self.offer.services))
        return True

    def _is_tried_again(self) -> bool:
        """A file that a broken offer names may be mended, and the offer is the same."""
        if not self.fault:
            return False
        self._looks += 1
        return self._looks % _AGAIN_LOOKS == 0


def read_offer_file(path: Path, member: MemberId) -> ReadOffer:
    """Read an offer with the descriptions that it names, from files beside it.

    Raises:
        OfferRefused: it cannot be read; the sentence names the line or the field.
    """
    if not _is_there(path):
        return ReadOffer(Offer({}, {}, {}), ("there is no services.toml; nothing is offered",))
    raw = read_limited(path, size_bytes_max=FILE_BYTES_MAX)

    def describe(name: str) -> bytes:
        # A name that leads out of the folder would show the gateway's keys to whoever may ask for a description.
        if "/" in name or "\\" in name or name.startswith("."):
            raise MalformedInput(f"description {name!r} is no file beside {path.name}")
        try:
            return read_limited(path.parent / name, size_bytes_max=DESCRIPTION_BYTES_MAX)
        except Problem as problem:
            raise MalformedInput(f"description {name!r}: {problem.message}") from None

    return read_offer(raw, member, place=path.name, describe=describe)


def read_offer(
    raw: bytes, member: MemberId, *, place: str = FILE_NAME, describe: Callable[[str], bytes] | None = None
) -> ReadOffer:
    """Read an offer of ``member``. Raises ``OfferRefused``."""
    try:
        found = Fields(read_toml(raw, bytes_max=FILE_BYTES_MAX), place)
        services: dict[ServiceId, Service] = {}
        for number, one in enumerate(found.tables("service", most=SERVICES_MAX), 1):
            with _Located(raw, "service", number):
                service = _service(one, member, describe)
                _require_new(service, services)
                services[service.id] = service
        grants = _grants(raw, found.tables("grant", most=GRANTS_MAX), services)
        rates = _rates(found.table("rates"))
        found.require_nothing_else()
    except MalformedInput as refusal:
        raise OfferRefused(refusal.message) from None
    return ReadOffer(Offer(services, grants, rates), tuple(_remarks(services, grants)))


class _Located:
    """Adds the line of a table to what is refused within it."""

    def __init__(self, raw: bytes, name: str, number: int) -> None:
        self._raw, self._name, self._number = raw, name, number

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, MalformedInput):
            line = _line_of(self._raw.decode(), self._name, self._number)
            raise MalformedInput(f"{error.message} (the table at line {line})") from None


def _line_of(text: str, name: str, number: int) -> int:
    found = [one.start() for one in _HEADING.finditer(text) if one[1] == name]
    return text.count("\n", 0, found[number - 1]) + 1 if number <= len(found) else 1


def _service(found: Fields, member: MemberId, describe: Callable[[str], bytes] | None) -> Service:
    identifier = read_service(found.text("id"))
    if identifier.provider.member != member:
        raise MalformedInput(f"the service {identifier} is not one of {member}, whose gateway this is")
    # PR-MREST, 4: X-Road answers these itself.
    if identifier.service_code in RESERVED_SERVICE_CODES:
        raise MalformedInput(f"{identifier.service_code} is a metaservice's name; choose another")
    listed = found.tables("operation", most=OPERATIONS_MAX)
    operations = tuple(_operation(one) for one in listed)
    title = found.table("title").texts()
    if not title:
        raise MalformedInput(f'{identifier} has no title; write title = {{ en = "…" }}')
    require_names(title)
    description = found.text("description", "")
    service = Service(
        id=identifier,
        title=title,
        base_url=_base_url(found.text("base_url")),
        type=_word(ServiceType, found.text("type", "REST"), "type"),
        operations=operations,
        templates=TemplateSet([one.template for one in operations]),
        description=describe(description) if description and describe is not None else None,
        disabled_notice=found.text("disabled", "") or None,
        timeout_seconds=found.amount("timeout_seconds", 30.0, least=0.1, most=_TIMEOUT_SECONDS_MAX),
        body_bytes_max=found.number("body_bytes_max", 64 << 20, least=0, most=1 << 40),
        concurrent_max=found.number("concurrent_max", 256, least=1, most=100_000),
        keeps_particulars=found.truth("keeps_particulars", default=True),
        bearer=_bearer(found.text("bearer_file", ""), describe),
    )
    found.require_nothing_else()
    return service


def _bearer(name: str, read: Callable[[str], bytes] | None) -> str:
    if not name or read is None:
        return ""
    token = read(name).decode("latin-1").strip()
    # RFC 6750, 2.1: b64token. The file's content is never repeated in a sentence.
    if not _B64TOKEN.fullmatch(token):
        raise MalformedInput(
            f"bearer_file {name!r} holds no token (RFC 6750, 2.1): one line of letters and digits"
        )
    return token


def _require_new(service: Service, services: Mapping[ServiceId, Service]) -> None:
    if service.id in services:
        raise MalformedInput(f"the service {service.id} stands twice")


def _base_url(text: str) -> str:
    if not _BASE_URL.fullmatch(text):
        raise MalformedInput("base_url is the http or https address of the member's own system")
    try:
        split = urlsplit(text)
        is_whole = bool(split.hostname) and split.port != 0
    except ValueError:
        is_whole = False
        split = urlsplit("")
    if not is_whole or split.username is not None or split.query or split.fragment:
        raise MalformedInput("base_url has a host, and neither a user, a query nor a fragment")
    return text.rstrip("/")


def _operation(found: Fields) -> Operation:
    template = read_template(found.text("method"), found.text("path"))
    rate = found.table("rate")
    operation = Operation(
        template=template,
        purposes=frozenset(require_word(one) for one in found.list_of_texts("purposes", most=_NAMES_MAX)),
        data_classes=frozenset(
            require_word(one) for one in found.list_of_texts("data_classes", most=_NAMES_MAX)
        ),
        consent=_word(ConsentRule, found.text("consent", "none"), "consent"),
        subject=_subject(found.table("subject"), template),
        durability=_word(Durability, found.text("durability", "async"), "durability"),
        is_sealed=found.truth("sealed", default=False),
        rate=_rate(rate),
    )
    found.require_nothing_else()
    # Who must consent has to be found in the call before anything is answered.
    if operation.consent is not ConsentRule.NONE and operation.subject.source in _UNKNOWN_BEFORE:
        raise MalformedInput(
            f"{operation.name} needs a consent, so its subject must stand in path, query or body"
        )
    return operation


_UNKNOWN_BEFORE: Final = frozenset({SubjectSource.NOBODY, SubjectSource.ANSWER})


def _subject(found: Fields, template: PathTemplate) -> SubjectPlace:
    source = _word(SubjectSource, found.text("in", SubjectSource.NOBODY.value), "subject, in")
    is_named = source in (SubjectSource.PATH, SubjectSource.QUERY, SubjectSource.BODY)
    place = SubjectPlace(source, found.text("name") if is_named else "")
    found.require_nothing_else()
    if source is SubjectSource.PATH and f"{{{place.name}}}" not in template.path.split("/"):
        raise MalformedInput(f"{template.name} has no variable {{{place.name}}} for its subject")
    return place


def _rate(found: Fields) -> Rate | None:
    per_second = found.amount("per_second", 0.0, least=0.0, most=1e6)
    burst = found.number("burst", 0, least=0, most=1_000_000)
    found.require_nothing_else()
    if bool(per_second) != bool(burst):
        raise MalformedInput("a rate has per_second and burst, both above 0")
    return Rate(per_second, burst) if burst else None


def _rates(found: Fields) -> dict[str, Rate]:
    rates: dict[str, Rate] = {}
    for name in found.names():
        rate = _rate(found.table(name))
        if rate is None:
            raise MalformedInput(f"rates, {name!r}: a rate has per_second and burst, both above 0")
        rates[str(read_client(name))] = rate
    return rates


def _grants(
    raw: bytes, listed: Iterable[Fields], services: Mapping[ServiceId, Service]
) -> dict[tuple[ClientId, ServiceId], frozenset[str]]:
    grants: dict[tuple[ClientId, ServiceId], frozenset[str]] = {}
    for number, found in enumerate(listed, 1):
        with _Located(raw, "grant", number):
            client, service = read_client(found.text("client")), read_service(found.text("service"))
            operations = frozenset(found.list_of_texts("operations", most=OPERATIONS_MAX))
            found.require_nothing_else()
            if (client, service) in grants:
                raise MalformedInput(f"{client} is granted {service} twice; put the operations together")
            _require_known(service, operations, services)
            grants[client, service] = operations
    return grants


def _require_known(
    service: ServiceId, operations: frozenset[str], services: Mapping[ServiceId, Service]
) -> None:
    offered = services.get(service)
    if offered is None:
        raise MalformedInput(f"a grant of {service}, which is not offered here")
    known = {one.name for one in offered.operations}
    if not operations or not operations <= known:
        missing = ", ".join(sorted(operations - known)) or "none at all"
        raise MalformedInput(
            f"a grant names operations of {service} as method and path: {missing} is not one"
        )


def _remarks(
    services: Mapping[ServiceId, Service], grants: Mapping[tuple[ClientId, ServiceId], frozenset[str]]
) -> Iterable[str]:
    granted = {service for _, service in grants}
    for service in services.values():
        if service.id not in granted:
            yield f"{service.id} is granted to nobody"
        for operation in service.operations:
            if operation.subject.source is SubjectSource.NOBODY and not operation.is_sealed:
                yield f"{service.id}: {operation.name} says nobody whom it is about: it stands in no person's log"
            if not operation.purposes:
                yield f"{service.id}: {operation.name} has no purposes, so nobody may call it"
        for overlap in service.templates.overlaps():
            if not overlap.is_nested:
                yield (
                    f"{service.id}: {overlap.chosen.name} and {overlap.other.name} cross; "
                    "the first is chosen where both fit"
                )


_Kind = TypeVar("_Kind", ConsentRule, Durability, SubjectSource, ServiceType)


def _word(kind: type[_Kind], text: str, name: str) -> _Kind:
    try:
        return kind(text)
    except ValueError:
        raise MalformedInput(f"{name} is one of: {', '.join(kind)}") from None


def _stamp_of(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _is_there(path: Path) -> bool:
    """Tell whether anything is there, be it what cannot be read: a link that leads nowhere, a folder of others."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True
