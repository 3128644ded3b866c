"""PyPI rfc3161-client as judge of time stamps: it makes requests and verifies responses.

Reads one JSON list of questions and writes one of answers. Runs in the second environment; see
``test_peers_verify_time_stamps.py``.
"""

import base64
import json
import sys
from typing import Any

from cryptography.x509 import ObjectIdentifier, load_pem_x509_certificate
from rfc3161_client import (
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)


def _answer(question: dict[str, Any]) -> str:
    content = base64.b64decode(question["content"])
    if "response" not in question:
        built = (
            TimestampRequestBuilder().data(content).nonce(nonce=True).cert_request(cert_request=True).build()
        )
        return base64.b64encode(built.as_bytes()).decode()
    try:
        response = decode_timestamp_response(base64.b64decode(question["response"]))
        builder = VerifierBuilder().add_root_certificate(load_pem_x509_certificate(question["root"].encode()))
        for intermediate in question["intermediates"]:
            builder = builder.add_intermediate_certificate(load_pem_x509_certificate(intermediate.encode()))
        builder = builder.policy_id(ObjectIdentifier(question["policy"])).nonce(question["nonce"])
        builder.build().verify_message(response, content)
    except (VerificationError, ValueError) as refused:
        return f"refused: {refused}"
    return "verified"


def main() -> None:
    """Answer all questions."""
    json.dump([_answer(question) for question in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
