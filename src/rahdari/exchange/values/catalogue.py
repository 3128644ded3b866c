"""What a member's gateway tells other members of its services, beyond what X-Road's metaservices can say."""

from collections.abc import Mapping
from dataclasses import dataclass

from rahdari.exchange.values.services import ConsentRule, Durability
from rahdari.wire.xroad import ServiceId, ServiceType


@dataclass(frozen=True, slots=True)
class CataloguedOperation:
    """An operation with the conditions under which it is answered."""

    method: str
    path: str
    purposes: frozenset[str]
    data_classes: frozenset[str]
    consent: ConsentRule
    durability: Durability
    is_sealed: bool

    @property
    def name(self) -> str:
        """Method and template."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class CataloguedService:
    """A service as it stands in the catalogue.

    ``granted`` are the operations that each of the reader's clients may call, ``disabled_notice`` is None for a
    service at work, ``has_description`` tells whether there is an OpenAPI document.
    """

    id: ServiceId
    title: Mapping[str, str]
    type: ServiceType
    operations: tuple[CataloguedOperation, ...]
    granted: Mapping[str, frozenset[str]]
    has_description: bool
    disabled_notice: str | None = None
