"""Who takes part and what is offered, as the metaservices tell it (PR-META 2.15, C.1; PR-MREST 0.5, B)."""

from typing import Final

from rahdari.web.exchange.description.operations import TEXT, Json, Kinds, shape
from rahdari.wire.xroad import METHODS

_MEMBER: Final[Json] = {"member_class": TEXT, "member_code": TEXT, "xroad_instance": TEXT}
_CLIENT: Final = shape(
    {
        "id": shape(
            {**_MEMBER, "object_type": {"enum": ["MEMBER", "SUBSYSTEM"]}, "subsystem_code": TEXT},
            also=("subsystem_code",),
        ),
        "name": TEXT,
        "subsystem_name": TEXT,
    },
    also=("subsystem_name",),
)
_ENDPOINT: Final = shape(
    {"method": {"enum": [*sorted(METHODS), "*"]}, "path": {"type": "string", "pattern": "^[/*]"}}
)
_SERVICE: Final = shape(
    {
        **_MEMBER,
        "object_type": {"const": "SERVICE"},
        "subsystem_code": TEXT,
        "service_code": TEXT,
        "service_type": {"enum": ["OPENAPI", "REST", "WSDL"]},
        "endpoint_list": {"type": "array", "items": _ENDPOINT},
    }
)
LISTING_SCHEMAS: Final[Kinds] = {
    "Clients": shape({"member": {"type": "array", "items": _CLIENT}}),
    "Services": shape({"service": {"type": "array", "items": _SERVICE}}),
}
