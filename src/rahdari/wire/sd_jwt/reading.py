"""Reading: an SD-JWT taken apart, checked, and put together again (RFC 9901, 7)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from rahdari.wire import jws
from rahdari.wire.errors import MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import PublicKey
from rahdari.wire.sd_jwt.disclosure import DIGEST_ALGORITHM, RESERVED_NAMES, Disclosure, read
from rahdari.wire.strict_json import DEPTH_MAX

# A pass with a portrait has 30 disclosures and 100 KiB; larger texts are not passes.
TEXT_CHARS_MAX = 256 * 1024
DISCLOSURES_MAX = 256


@dataclass(frozen=True, slots=True)
class UnverifiedSdJwt:
    """An SD-JWT as it was read. Nothing in it is trusted: ``verify`` gives the claims that count.

    ``issuer_signed`` is the JWT's text, ``payload`` its claims and digests, ``key_binding`` the text of the
    KB-JWT if the holder added one.
    """

    issuer_signed: str
    token: jws.Jws
    payload: Mapping[str, object] = field(repr=False)
    disclosures: tuple[Disclosure, ...]
    key_binding: str | None = None

    @property
    def bound_text(self) -> str:
        """The text that a key binding covers: everything up to the last ``~`` (RFC 9901, 4.3.1)."""
        return "~".join((self.issuer_signed, *(each.text for each in self.disclosures), ""))

    @property
    def text(self) -> str:
        """The whole text as it travels."""
        return self.bound_text + (self.key_binding or "")

    def named(self, *names: str) -> tuple[Disclosure, ...]:
        """Give the disclosures of claims with these names, in the order in which they stand."""
        return tuple(each for each in self.disclosures if each.name in names)


def parse(text: str) -> UnverifiedSdJwt:
    """Take an SD-JWT, with or without key binding, apart (RFC 9901, 4 and 7.1, step 1). Trusts nothing.

    Raises:
        TooLarge: longer than ``TEXT_CHARS_MAX`` or more than ``DISCLOSURES_MAX`` disclosures.
        MalformedInput: not the parts that section 4 names, or a part that is not what it should be.
        UnsupportedAlgorithm: signed with neither ES256 nor EdDSA (7.1, step 2a).
    """
    if len(text) > TEXT_CHARS_MAX:
        raise TooLarge(f"an SD-JWT of {len(text)} characters; at most {TEXT_CHARS_MAX} are read")
    issuer_signed, *parts = text.split("~")
    if not parts:
        raise MalformedInput("an SD-JWT has at least one ~; this is a plain JWT or something else")
    if len(parts) - 1 > DISCLOSURES_MAX:
        raise TooLarge(f"{len(parts) - 1} disclosures; at most {DISCLOSURES_MAX} are read")
    token = jws.decode(issuer_signed, size_chars_max=TEXT_CHARS_MAX)
    return UnverifiedSdJwt(
        issuer_signed=issuer_signed,
        token=token,
        payload=token.payload_object(size_bytes_max=TEXT_CHARS_MAX),
        disclosures=tuple(read(part) for part in parts[:-1]),
        key_binding=parts[-1] or None,
    )


def verify(sd_jwt: UnverifiedSdJwt, public: PublicKey) -> dict[str, object]:
    """Give the processed payload of an SD-JWT that ``public`` signed (RFC 9901, 7.1).

    Steps 2c and 6 (whose key it is, whether the time is right) and key binding are the caller's.

    Raises:
        BadSignature: another key signed, or something was altered.
        MalformedInput: the disclosures and the digests do not belong together.
        UnsupportedAlgorithm: ``_sd_alg`` is not sha-256.
    """
    # Step 2b. Before anything is looked at: the issuer's signature.
    sd_jwt.token.verify(public)
    return verify_disclosures(sd_jwt)


def verify_disclosures(sd_jwt: UnverifiedSdJwt) -> dict[str, object]:
    """Put each disclosure in the place of its digest and give the payload (RFC 9901, 7.1, steps 2d to 5).

    The signature is not looked at: whoever needs trust calls ``verify``.

    Raises:
        MalformedInput: a digest twice, a disclosure without a digest or twice, a name that is taken or
            reserved, a disclosure of the wrong sort, or (``TooLarge``) nested too deep.
        UnsupportedAlgorithm: ``_sd_alg`` is not sha-256.
    """
    # Step 2d. _sd_alg is understood and secure; absent means sha-256 (4.1.1).
    if sd_jwt.payload.get("_sd_alg", DIGEST_ALGORITHM) != DIGEST_ALGORITHM:
        raise UnsupportedAlgorithm("_sd_alg is not sha-256; ask the issuer for a token with sha-256 digests")
    # Step 3a. The digest of each disclosure (taken when it was read).
    disclosed = {each.digest: each for each in sd_jwt.disclosures}
    if len(disclosed) != len(sd_jwt.disclosures):
        raise MalformedInput("a disclosure is given twice")
    seen: set[str] = set()
    # Steps 3b to 3e, recursively.
    payload = _open_object(dict(sd_jwt.payload), disclosed, seen, depth=0)
    # Step 3f.
    payload.pop("_sd_alg", None)
    # Step 5. Every disclosure was asked for by a digest.
    if not disclosed.keys() <= seen:
        raise MalformedInput("a disclosure belongs to no digest that the issuer signed")
    return payload


def present(sd_jwt: UnverifiedSdJwt, disclose: Collection[Disclosure]) -> str:
    """Write the presentation that shows only the given disclosures, without key binding (RFC 9901, 7.2).

    Raises:
        MalformedInput: a disclosure is not of this SD-JWT, or stands inside another one that is not shown.
    """
    wanted = {each.text for each in disclose}
    shown = tuple(each for each in sd_jwt.disclosures if each.text in wanted)
    if len(shown) != len(wanted):
        raise MalformedInput("a disclosure to be shown is not of this SD-JWT")
    presentation = replace(sd_jwt, disclosures=shown, key_binding=None)
    # 7.2: a disclosure inside another is worth nothing without that other; the verifier would refuse both.
    verify_disclosures(presentation)
    return presentation.text


def _open(value: object, disclosed: Mapping[str, Disclosure], seen: set[str], depth: int) -> object:
    # Disclosures inside disclosures could nest without end; the limit of one JSON text holds for the whole.
    if depth > DEPTH_MAX:
        raise TooLarge(f"claims nested deeper than {DEPTH_MAX} levels")
    if isinstance(value, dict):
        return _open_object(value, disclosed, seen, depth)
    if isinstance(value, list):
        return _open_array(value, disclosed, seen, depth)
    return value


def _open_object(
    given: dict[str, object], disclosed: Mapping[str, Disclosure], seen: set[str], depth: int
) -> dict[str, object]:
    # 4.1: "..." stands alone in an array element and nowhere else.
    if "..." in given:
        raise MalformedInput("a claim is named ..., which is reserved for digests in arrays")
    # Step 3e. The digests themselves leave the payload.
    digests = given.get("_sd", [])
    opened = {
        name: _open(value, disclosed, seen, depth + 1) for name, value in given.items() if name != "_sd"
    }
    # Step 3b.i. _sd refers to an array of strings.
    if not isinstance(digests, list):
        raise MalformedInput("_sd is not an array of digests")
    for digest in digests:
        # Step 3c.i. A digest without a disclosure is a decoy or something the holder keeps: ignored.
        found = _find(digest, disclosed, seen)
        if found is None:
            continue
        # Step 3c.ii.1. In an object, a disclosure has a salt, a name and a value.
        # Step 3c.ii.3. Its name is not yet taken at this level. (3c.ii.2, reserved names: at reading.)
        if found.name is None or found.name in RESERVED_NAMES or found.name in opened:
            raise MalformedInput("a disclosed claim has no name, or one that is taken or reserved")
        # Steps 3c.ii.4 and 5.
        opened[found.name] = _open(found.value, disclosed, seen, depth + 1)
    return opened


def _open_array(
    given: list[object], disclosed: Mapping[str, Disclosure], seen: set[str], depth: int
) -> list[object]:
    opened: list[object] = []
    for element in given:
        # Step 3b.ii. An object with one key, "...", stands for an element. (With more keys: refused above.)
        if not isinstance(element, dict) or element.keys() != {"..."}:
            opened.append(_open(element, disclosed, seen, depth + 1))
            continue
        found = _find(element["..."], disclosed, seen)
        if found is None:
            continue  # Step 3d. What is not disclosed leaves no gap.
        # Step 3c.iii.1. In an array, a disclosure has a salt and a value.
        if found.name is not None:
            raise MalformedInput("a disclosed array element has a name")
        # Steps 3c.iii.2 and 3.
        opened.append(_open(found.value, disclosed, seen, depth + 1))
    return opened


def _find(digest: object, disclosed: Mapping[str, Disclosure], seen: set[str]) -> Disclosure | None:
    if not isinstance(digest, str):
        raise MalformedInput("a digest is not text")
    # Step 4. No digest twice, wherever it stands.
    if digest in seen:
        raise MalformedInput("a digest stands in two places")
    seen.add(digest)
    return disclosed.get(digest)
