"""The second feature: an SD-JWT VC file for a wallet, whose holder shows a claim at a time (RFC 9901)."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType

from rahdari.credentials.values.cards import ProductRef, StatusPlace
from rahdari.credentials.values.holders import Gender
from rahdari.credentials.values.passes import Attributes, PassContent, Terms, UnverifiedPass
from rahdari.credentials.values.products import FeatureSpec
from rahdari.credentials.values.text import LocalText, local_text
from rahdari.kernel import Chance
from rahdari.wire import base64url, sd_jwt
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import Signer
from rahdari.wire.sd_jwt import Credential
from rahdari.wire.status_list import StatusReference

KIND = "sd-jwt-vc"
# A JOSE header in base64url begins with eyJ; a tilde follows the issuer's JWT (RFC 9901, 4).
_SHAPE = re.compile(r"eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+~")
# The names of OpenID Connect Core, 5.1 where it has one; "name#ur" is its way to say the language (5.2).
_TEXTS = MappingProxyType(
    {
        "number": "personal_administrative_number",
        "nationality": "nationality",
        "region": "region",
        "country_of_issuance": "issuing_country",
        "family_number": "family_number",
        "country_of_stay": "country_of_stay",
        "passport_number": "passport_number",
    },
)
_LOCAL_TEXTS = MappingProxyType({"name": "name", "guardian": "guardian", "address": "formatted_address"})
_GENDERS = MappingProxyType({Gender.MALE: "male", Gender.FEMALE: "female", Gender.OTHER: "other"})
_GENDERS_READ = MappingProxyType({word: gender for gender, word in _GENDERS.items()})
_PICTURE = "data:image/webp;base64,"
_PRODUCT_SHAPE = re.compile(r"urn:[a-z0-9-]+:([a-z][a-z0-9-]{0,31}):([0-9]{1,6})")
# The one form that OpenID Connect Core, 5.1 names; ISO 8601 has more, and so has Python.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LANGUAGES_MAX = 8
MARKS_MAX = 16


class WalletFeature:
    """An SD-JWT VC: every claim about the holder is the holder's to show or keep."""

    kind = KIND
    file_suffix = ".sd-jwt"

    def encode(self, content: PassContent, spec: FeatureSpec, signer: Signer, chance: Chance) -> bytes:
        """Sign the claims that ``spec`` names, each with its own disclosure. Settings: ``vct``, ``claims``."""
        terms = content.terms
        if terms.issuer is None or terms.product is None:
            raise AssertionError("a credential is made with its issuer and product")
        place = terms.place
        credential = Credential(
            vct=str(spec.settings.get("vct", f"urn:rahdari:{terms.product.id}:{terms.product.version}")),
            issuer=terms.issuer,
            claims=_claims(content.attributes, spec),
            issued_at=_seconds(terms.issued_at),
            not_before=_seconds(terms.not_before),
            expires=_seconds(terms.expires),
            status=StatusReference(place.uri, place.index) if place else None,
        )
        return sd_jwt.issue_credential(signer, credential, chance=chance).encode("ascii")

    def recognises(self, raw: str) -> bool:
        """Tell whether ``raw`` begins as an SD-JWT does."""
        return _SHAPE.match(raw.strip()) is not None

    def read(self, raw: str) -> UnverifiedPass:
        """Read what the holder discloses. Raises ``MalformedInput``, ``UnsupportedAlgorithm``."""
        parsed = sd_jwt.parse(raw.strip())
        credential = sd_jwt.read_credential(parsed)
        if credential.holder is not None or parsed.key_binding is not None:
            # RFC 9901, 7.3: a key binding is checked against a nonce of the verifier's, which a file cannot know.
            raise MalformedInput(
                "this credential is bound to its wallet's key; let the wallet present it online"
            )
        return UnverifiedPass(
            feature=KIND,
            algorithm=parsed.token.algorithm,
            kid=_kid(parsed.token.kid),
            content=PassContent(_terms(credential), _attributes(credential.claims)),
            check_signature=parsed.token.verify,
        )


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


def _claims(attributes: Attributes, spec: FeatureSpec) -> dict[str, object]:
    kept = frozenset(spec.settings.get("claims", ()))
    claims: dict[str, object] = {}
    for name, claim in _LOCAL_TEXTS.items():
        if name in kept:
            texts: LocalText = getattr(attributes, name)
            claims |= {claim if one == "en" else f"{claim}#{one}": text for one, text in texts.items()}
    claims |= {claim: getattr(attributes, name) for name, claim in _TEXTS.items() if name in kept}
    if "date_of_birth" in kept and attributes.date_of_birth:
        claims["birthdate"] = attributes.date_of_birth.isoformat()
    if "gender" in kept and attributes.gender:
        claims["gender"] = _GENDERS[attributes.gender]
    if "marks" in kept:
        claims["marks"] = list(attributes.marks)
    if attributes.photo:
        claims["picture"] = _PICTURE + base64.b64encode(attributes.photo).decode("ascii")
    return {claim: value for claim, value in claims.items() if value}


def _terms(credential: Credential) -> Terms:
    found = _PRODUCT_SHAPE.fullmatch(credential.vct)
    if found is None:
        raise MalformedInput("the credential type (vct) names no card product")
    status = credential.status
    return Terms(
        issuer=credential.issuer,
        product=ProductRef(found[1], int(found[2])),
        issued_at=_time(credential.issued_at),
        not_before=_time(credential.not_before),
        expires=_time(credential.expires),
        place=StatusPlace(status.uri, status.index) if status else None,
    )


def _time(seconds: int | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise MalformedInput("a time of the credential lies beyond the calendar") from None


def _kid(kid: str | None) -> bytes | None:
    """Our kids are 8 bytes in base64url; another issuer's may be any text, compared by its bytes."""
    if kid is None:
        return None
    try:
        return base64url.decode(kid) if len(kid) == 11 else kid.encode()
    except (MalformedInput, ValueError):
        return kid.encode("utf-8", errors="replace")


def _attributes(claims: Mapping[str, object]) -> Attributes:
    texts = {name: _text(claims, claim) for name, claim in _TEXTS.items()}
    local = {name: _local(claims, claim) for name, claim in _LOCAL_TEXTS.items()}
    return Attributes(
        number=texts["number"],
        name=local["name"],
        guardian=local["guardian"],
        address=local["address"],
        date_of_birth=_birthdate(_text(claims, "birthdate")),
        gender=_GENDERS_READ.get(_text(claims, "gender") or ""),
        nationality=texts["nationality"],
        region=texts["region"],
        country_of_issuance=texts["country_of_issuance"],
        family_number=texts["family_number"],
        country_of_stay=texts["country_of_stay"],
        passport_number=texts["passport_number"],
        marks=_marks(claims.get("marks")),
        photo=_photo(_text(claims, "picture")),
    )


def _text(claims: Mapping[str, object], claim: str) -> str | None:
    value = claims.get(claim)
    if value is not None and not isinstance(value, str):
        raise MalformedInput(f"the claim {claim} is not text")
    return value


def _local(claims: Mapping[str, object], claim: str) -> LocalText:
    names = [name for name in claims if name == claim or name.startswith(f"{claim}#")][:LANGUAGES_MAX]
    return local_text(**{name.partition("#")[2] or "en": _text(claims, name) for name in names})


def _birthdate(value: str | None) -> date | None:
    if not value:
        return None
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise MalformedInput("the claim birthdate is not a date (OpenID Connect Core, 5.1)")


def _marks(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if (
        not isinstance(value, list)
        or len(value) > MARKS_MAX
        or not all(isinstance(one, str) for one in value)
    ):
        raise MalformedInput(f"the claim marks is not a list of at most {MARKS_MAX} words")
    return tuple(value)


def _photo(value: str | None) -> bytes | None:
    if value is None:
        return None
    text = value.removeprefix(_PICTURE)
    try:
        picture = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        picture = b""
    # RFC 4648, 3.5: one form alone; what more a decoder takes differs from one to the next.
    if base64.b64encode(picture).decode() != text:
        raise MalformedInput("the claim picture is not a WebP picture in a data URI (RFC 2397)")
    return picture
