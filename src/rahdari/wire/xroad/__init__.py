"""X-Road Message Protocol for REST 1.0.4, as a gateway's edge speaks it: targets, headers, hashes, errors, lists.

Where the specification and X-Road's code differ, the code is followed, but for what would weaken rights; see
``docs/standards/xroad-rest.md``.

Example:
    >>> call = read_target(b"/r1/PK/GOV/1001/registry/persons/v1/persons/77?fields=name")
    >>> operations = TemplateSet([read_template("GET", "/v1/persons/{id}")])
    >>> operations.find("GET", call.canonical_path).name
    'GET /v1/persons/{id}'
    >>> fields = [(b"x-road-client", b"PK/COM/2002/app")]
    >>> sent = forward_request(fields, message_id="m-1", request_id="r-1")
    >>> hashed = request_hash(header_part("GET", call.target_raw, sent), BodyDigest().digest())
    >>> marks = ResponseMarks("m-1", read_call_headers(fields).client, call.service, "r-1", hashed)
    >>> [name.decode() for name, _ in forward_response([(b"server", b"x")], marks)][:2]
    ['x-road-id', 'x-road-client']
"""

from rahdari.wire.xroad.errors import AddressFault, AddressRefused, ClientMissing, HashMismatch
from rahdari.wire.xroad.faults import (
    MALFORMED_CALL,
    MISSING_CLIENT,
    ErrorAnswer,
    ErrorType,
    Fault,
    Origin,
    Spelling,
    choose_error_kind,
    read_error_type,
    write_error,
)
from rahdari.wire.xroad.headers import (
    FILTERED,
    CallHeaders,
    FieldLine,
    FieldLines,
    ResponseMarks,
    deliver_request,
    forward_request,
    forward_response,
    read_call_headers,
    read_message_id,
    values_of,
)
from rahdari.wire.xroad.identifiers import (
    ClientId,
    Identifier,
    MemberId,
    RepresentedParty,
    SecurityServerId,
    ServiceId,
    SubsystemId,
    is_portable,
    read_client,
    read_represented_party,
    read_security_server,
    read_service,
)
from rahdari.wire.xroad.metaservices import (
    Document,
    Endpoint,
    ListedClient,
    ListedService,
    ServiceType,
    endpoints_of,
    read_client_list,
    read_service_list,
    write_client_list,
    write_service_list,
)
from rahdari.wire.xroad.monitoring import Moments, OperationalRecord, Outcome, Side
from rahdari.wire.xroad.request_hash import BodyDigest, header_part, request_hash, require_request_hash
from rahdari.wire.xroad.segments import canonical_path
from rahdari.wire.xroad.targets import (
    RESERVED_SERVICE_CODES,
    TARGET_BYTES_MAX,
    ClientListing,
    Metaservice,
    ServiceCall,
    read_client_listing,
    read_description_query,
    read_target,
)
from rahdari.wire.xroad.templates import METHODS, Overlap, PathTemplate, TemplateSet, read_template

__all__ = [
    "FILTERED",
    "MALFORMED_CALL",
    "METHODS",
    "MISSING_CLIENT",
    "RESERVED_SERVICE_CODES",
    "TARGET_BYTES_MAX",
    "AddressFault",
    "AddressRefused",
    "BodyDigest",
    "CallHeaders",
    "ClientId",
    "ClientListing",
    "ClientMissing",
    "Document",
    "Endpoint",
    "ErrorAnswer",
    "ErrorType",
    "Fault",
    "FieldLine",
    "FieldLines",
    "HashMismatch",
    "Identifier",
    "ListedClient",
    "ListedService",
    "MemberId",
    "Metaservice",
    "Moments",
    "OperationalRecord",
    "Origin",
    "Outcome",
    "Overlap",
    "PathTemplate",
    "RepresentedParty",
    "ResponseMarks",
    "SecurityServerId",
    "ServiceCall",
    "ServiceId",
    "ServiceType",
    "Side",
    "Spelling",
    "SubsystemId",
    "TemplateSet",
    "canonical_path",
    "choose_error_kind",
    "deliver_request",
    "endpoints_of",
    "forward_request",
    "forward_response",
    "header_part",
    "is_portable",
    "read_call_headers",
    "read_client",
    "read_client_list",
    "read_client_listing",
    "read_description_query",
    "read_error_type",
    "read_message_id",
    "read_represented_party",
    "read_security_server",
    "read_service",
    "read_service_list",
    "read_target",
    "read_template",
    "request_hash",
    "require_request_hash",
    "values_of",
    "write_client_list",
    "write_error",
    "write_service_list",
]
