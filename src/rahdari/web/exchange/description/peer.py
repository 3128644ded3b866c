"""The listener for other gateways, behind mutual TLS: calls, receipts, the catalogue, the log, the witness."""

from typing import Final

from rahdari.app.exchange.vouching import WITNESS_PATH
from rahdari.exchange import ConsentRule, Durability
from rahdari.web.exchange.catalogue import PATH as CATALOGUE_PATH
from rahdari.web.exchange.description.faults import FAULT_SCHEMAS, MAYBE, faults
from rahdari.web.exchange.description.operations import (
    BYTES,
    TEXT,
    Answer,
    Kinds,
    Operation,
    Parameter,
    reference,
    shape,
    write_document,
)
from rahdari.web.exchange.sending import TARGET

_ABOUT: Final = (
    "For gateways whose certificates the configuration pins (TLS 1.3, both sides). Calls and answers are signed "
    "(RFC 9421, profiles ndel-req-v1 and ndel-rsp-v1), and their bodies digested (RFC 9530)."
)
_TRUTH: Final = {"type": "boolean"}
_TEXTS: Final = {"type": "array", "items": TEXT}
_OPERATION: Final = shape(
    {
        "method": TEXT,
        "path": TEXT,
        "purposes": _TEXTS,
        "data_classes": _TEXTS,
        "consent": {"enum": [one.value for one in ConsentRule]},
        "durability": {"enum": [one.value for one in Durability]},
        "sealed": _TRUTH,
    }
)
_SERVICE: Final = shape(
    {
        "id": TEXT,
        "title": {"type": "object", "additionalProperties": TEXT},
        "type": {"enum": ["OPENAPI", "REST", "WSDL"]},
        "operations": {"type": "array", "items": _OPERATION},
        "granted": {"type": "array", "items": shape({"client": TEXT, "operations": _TEXTS})},
        "has_description": _TRUTH,
        "disabled": {"type": ["string", "null"]},
    }
)
_SCHEMAS: Final[Kinds] = {
    **FAULT_SCHEMAS,
    "Catalogue": shape({"services": {"type": "array", "items": _SERVICE}}),
}
_COUNT: Final = {"type": "integer", "minimum": 0}
_SIGNED: Final = tuple(
    Parameter(name, "header", what, is_required=True)
    for name, what in (
        ("X-Road-Client", "the subsystem that asks"),
        ("X-Road-Id", "names the message"),
        ("X-Road-Request-Id", "names the request, and is the signature's nonce"),
        ("ndel-purpose", "what it is asked for"),
        ("ndel-consent", "a consent, or none"),
        ("ndel-conf-version", "the configuration that the consumer's gateway goes by"),
        ("Content-Digest", "of the body, also of one without bytes"),
        ("Signature-Input", "what is signed"),
        ("Signature", "by the consumer's message key"),
    )
)
# Without a body; a witness that knows the caller, but not the key of the checkpoint, says so.
_NOBODY: Final = Answer("403", "Not for whoever asks: no certificate of the configuration, or no known key.")
_TILE: Final = {"type": "string", "pattern": "^[0-9]{1,3}$"}

PEER: Final = (
    Operation(
        "GET",
        "/r1/{xRoadInstance}/{memberClass}/{memberCode}/{subsystemCode}/{serviceCode}",
        "callSigned",
        "Carry a call; by every method, and with any path below the service",
        (
            Answer(
                "default",
                "The service's answer, signed. With X-Road-Error an error of the exchange: it is signed too, "
                "wherever it was known who asks.",
                also=MAYBE,
            ),
        ),
        (
            *(
                Parameter(name, "path", "of the service")
                for name in ("xRoadInstance", "memberClass", "memberCode", "subsystemCode", "serviceCode")
            ),
            *_SIGNED,
        ),
    ),
    Operation(
        "POST",
        TARGET.decode("ascii"),
        "takeReceipts",
        "Take receipts: JSON lines of request_id, signature_input and signature, 256 at most",
        (
            Answer(
                "200", "How many fitted.", {"application/json": shape({"logged": _COUNT, "refused": _COUNT})}
            ),
            *faults("400", "403", "413", "500"),
        ),
        body={"application/jsonl": TEXT},
    ),
    Operation(
        "GET",
        CATALOGUE_PATH.decode("ascii"),
        "getCatalogue",
        "Tell what is offered, and what the asking member's clients may call of it",
        (
            Answer("200", "The catalogue.", {"application/json": reference("Catalogue")}),
            *faults("404", "500"),
        ),
    ),
    Operation(
        "GET",
        CATALOGUE_PATH.decode("ascii") + "/{service}",
        "getServiceDescription",
        "Fetch a service's OpenAPI document",
        (Answer("200", "The document.", {"application/octet-stream": BYTES}), *faults("404", "500")),
        (Parameter("service", "path", "the service's five parts as one segment"),),
    ),
    Operation(
        "GET",
        "/log/checkpoint",
        "getCheckpoint",
        "Fetch the log's last checkpoint (C2SP tlog-checkpoint)",
        (
            Answer("200", "A signed note.", {"text/plain": TEXT}),
            Answer("404", "There is none yet.", {"text/plain": TEXT}),
            _NOBODY,
        ),
    ),
    Operation(
        "GET",
        "/log/tile/{level}/{tile}",
        "getTile",
        "Fetch a tile of the log's tree (C2SP tlog-tiles); large numbers take further segments",
        (
            Answer("200", "Hashes.", {"application/octet-stream": BYTES}),
            Answer("404", "There is no such tile; bundles of records are nobody's.", {"text/plain": TEXT}),
            _NOBODY,
        ),
        (
            Parameter("level", "path", "the level", {"type": "string", "pattern": "^[0-9]{1,2}$"}),
            Parameter("tile", "path", "the tile's number, three digits", _TILE),
        ),
    ),
    Operation(
        "POST",
        f"{WITNESS_PATH}/add-checkpoint",
        "addCheckpoint",
        "Cosign another member's checkpoint (C2SP tlog-witness)",
        (
            Answer("200", "Cosignatures, one a line.", {"text/plain": TEXT}),
            Answer(
                "409",
                "Another size was seen; it stands in the body.",
                {"text/x.tlog.size": TEXT, "text/plain": TEXT},
            ),
            *(
                Answer(status, what, {"text/plain": TEXT})
                for status, what in (
                    ("400", "It is no checkpoint with its proof."),
                    ("404", "The log is unknown."),
                    ("422", "The proof does not prove it."),
                    ("503", "The witness cannot keep checkpoints now."),
                )
            ),
            _NOBODY,
            Answer("413", "It is larger than any checkpoint with its proof."),
        ),
        body={"text/plain": TEXT},
    ),
)


def describe_peer(server: str = "/") -> dict[str, object]:
    """Describe the listener for other gateways."""
    return write_document("A gateway's peer side", _ABOUT, PEER, schemas=_SCHEMAS, server=server)
