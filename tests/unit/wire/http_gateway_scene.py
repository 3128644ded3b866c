"""Two gateways, a request and its answer: the scene of the tests of our signature profiles."""

from dataclasses import replace

from rahdari.wire.http_signatures import (
    Request,
    Response,
    SignatureFields,
    VerifiedRequest,
    VerifiedResponse,
    content_digest,
    sign_request,
    sign_response,
    verify_request,
    verify_response,
)
from rahdari.wire.keys import Algorithm, SoftwareSigner

AT = 1_800_000_000
REQUEST_ID = "0190b3f0-0000-7000-8000-000000000001"
CONSUMER = SoftwareSigner.generate(Algorithm.EDDSA)
PROVIDER = SoftwareSigner.generate(Algorithm.EDDSA)
KEYS = {"consumer-1": CONSUMER.public, "provider-1": PROVIDER.public}
BODY = b'{"card":"sample"}'


def request(**changes: str) -> Request:
    """Make a request as a consumer's gateway sends it, unsigned; ``changes`` by field, underscores for hyphens."""
    fields = {
        "content-digest": content_digest(BODY),
        "x-road-client": "PK/COM/1111111-1/bank",
        "x-road-id": "0190b3f0-0000-7000-8000-00000000000a",
        "x-road-request-id": REQUEST_ID,
        "ndel-purpose": "account-opening",
        "ndel-consent": "none",
        "ndel-conf-version": "17",
        "accept": "application/json",
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    target = "https://gateway.provider.example/r1/PK/GOV/2222222-2/register/person-status?x=1"
    return Request("POST", target, {name: [value] for name, value in fields.items()})


def with_fields(message: Request, fields: SignatureFields) -> Request:
    return replace(message, fields={**message.fields, **fields.as_fields()})


def signed_request(created: int = AT) -> Request:
    return with_fields(request(), sign_request(request(), CONSUMER, keyid="consumer-1", created=created))


def response(asked: Request, **changes: str) -> Response:
    fields = {"content-digest": content_digest(b"{}"), "x-road-request-hash": "c2FtcGxl"}
    fields |= {name.replace("_", "-"): value for name, value in changes.items()}
    return Response(200, {name: [value] for name, value in fields.items()}, asked)


def signed_response(asked: Request, created: int = AT) -> Response:
    unsigned = response(asked)
    fields = sign_response(unsigned, PROVIDER, keyid="provider-1", created=created)
    return replace(unsigned, fields={**unsigned.fields, **fields.as_fields()})


def accept(message: Request, at: int = AT) -> VerifiedRequest:
    return verify_request(message, key_of=KEYS.get, at=at)


def accept_response(message: Response, at: int = AT) -> VerifiedResponse:
    return verify_response(message, key_of=KEYS.get, at=at)
