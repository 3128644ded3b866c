"""The ceremonies of WebAuthn, by the library ``webauthn``; nothing of it is seen beyond this file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes, parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from rahdari.access import Challenge, Credential, Passkey, UnverifiedAnswer
from rahdari.access.errors import CeremonyRefused
from rahdari.app.relying_party import RelyingParty
from rahdari.kernel import Problem

# Without an attestation an answer has some 1,500 characters; a credential id of 1,023 bytes adds as many.
ANSWER_CHARACTERS_MAX = 16_384
# WebAuthn Level 3, 4: "Credential ID".
CREDENTIAL_BYTES_MAX = 1023
# What the person at the screen is given; the challenge itself lapses after the same time.
_TIMEOUT_MILLISECONDS = 300_000
# COSE (RFC 9053): ES256 is what telephones have, EdDSA the better one, RS256 what older Windows has.
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# WebAuthn Level 3, 5.1.3: asked for none, a browser lets through an empty statement or a packed self attestation.
# The other formats bring certificates along; code that need not run is not run.
_FORMATS = frozenset({AttestationFormat.NONE, AttestationFormat.PACKED})


class _Response(msgspec.Struct, frozen=True):
    """What both ceremonies need of an answer (WebAuthn Level 3, 5.1.8: base64url in JSON)."""

    client: str = msgspec.field(name="clientDataJSON")
    user_handle: str | None = msgspec.field(name="userHandle", default=None)
    attestation: str = msgspec.field(name="attestationObject", default="")


class _Answer(msgspec.Struct, frozen=True):
    raw_id: str = msgspec.field(name="rawId")
    response: _Response


class _ClientWords(msgspec.Struct, frozen=True):
    """Of the client data (WebAuthn Level 3, 5.8.1), what is looked at here; the library checks the rest."""

    challenge: str
    cross_origin: bool = msgspec.field(name="crossOrigin", default=False)
    top_origin: str = msgspec.field(name="topOrigin", default="")


class WebauthnCeremonies:
    """``access.Ceremonies`` for one relying party."""

    def __init__(self, party: RelyingParty) -> None:
        """Stand for this relying party."""
        self._party = party

    def registration_options(self, challenge: Challenge, *, name: str, known: Sequence[bytes]) -> str:
        options = webauthn.generate_registration_options(
            rp_id=self._party.id,
            rp_name=self._party.name,
            user_id=challenge.handle,
            user_name=name,
            user_display_name=name,
            challenge=challenge.value,
            timeout=_TIMEOUT_MILLISECONDS,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
            supported_pub_key_algs=_ALGORITHMS,
        )
        return webauthn.options_to_json(options)

    def sign_in_options(self, challenge: Challenge) -> str:
        options = webauthn.generate_authentication_options(
            rp_id=self._party.id,
            challenge=challenge.value,
            timeout=_TIMEOUT_MILLISECONDS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return webauthn.options_to_json(options)

    def read(self, answer: str) -> UnverifiedAnswer:
        with _refusing():
            read = _read(answer)
            handle = read.response.user_handle
            return UnverifiedAnswer(
                challenge=base64url_to_bytes(_client_of(read).challenge),
                credential=base64url_to_bytes(read.raw_id),
                handle=base64url_to_bytes(handle) if handle else None,
            )

    def verify_registration(self, answer: str, challenge: Challenge) -> Credential:
        with _refusing():
            read = _read(answer)
            _require_own_page(read)
            attested = parse_attestation_object(base64url_to_bytes(read.response.attestation))
            if attested.fmt not in _FORMATS:
                raise CeremonyRefused(f"an attestation of the format {attested.fmt} was not asked for")
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge.value,
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
            # The id that was signed over is the one that is kept; a browser says it a second time outside.
            if made.credential_id != base64url_to_bytes(read.raw_id):
                raise CeremonyRefused("the credential's id differs inside and outside")
            if len(made.credential_id) > CREDENTIAL_BYTES_MAX:
                raise CeremonyRefused("the credential's id is too long")
            return Credential(made.credential_id, made.credential_public_key, made.sign_count)

    def verify_sign_in(self, answer: str, challenge: Challenge, passkey: Passkey) -> int:
        with _refusing():
            _require_own_page(_read(answer))
            verified = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge.value,
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                credential_public_key=passkey.public_key,
                # Zero: the counter is judged by the room, which must tell a copy from an altered answer.
                credential_current_sign_count=0,
                require_user_verification=True,
            )
            if verified.credential_id != passkey.credential:
                raise CeremonyRefused("the answer is of another passkey")
            return verified.new_sign_count


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn whatever goes wrong while an answer is read into one refusal."""
    try:
        yield
    except Problem:
        raise
    # An answer is a stranger's: JSON, base64, CBOR, COSE keys and signatures, each with errors of its own.
    except Exception as error:  # noqa: BLE001
        raise CeremonyRefused(f"{type(error).__name__}: {error}") from None


def _read(answer: str) -> _Answer:
    if len(answer) > ANSWER_CHARACTERS_MAX:
        raise CeremonyRefused("the answer is too long")
    return msgspec.json.decode(answer, type=_Answer)


def _client_of(read: _Answer) -> _ClientWords:
    return msgspec.json.decode(base64url_to_bytes(read.response.client), type=_ClientWords)


def _require_own_page(read: _Answer) -> None:
    # WebAuthn Level 3, 5.8.1: our pages are never framed, so no answer comes out of another page's frame.
    client = _client_of(read)
    if client.cross_origin or client.top_origin:
        raise CeremonyRefused("the answer was given within somebody else's page")
