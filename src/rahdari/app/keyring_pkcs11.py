"""Private keys in a hardware module, or whatever else speaks PKCS#11 (Cryptoki, OASIS Standard 2.40 and later).

A key is made inside the token, sensitive and not extractable, and never leaves it. Its label and id are the
RFC 7638 thumbprint, so that the register's public half finds its private one.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.types import SignMixin, Token
from pkcs11.util.ec import encode_named_curve_parameters

from rahdari.credentials.errors import KeyLocked, KeyStoreFailed, UnknownKey
from rahdari.kernel import Refused
from rahdari.wire.keys import Algorithm, PublicKey

# python-pkcs11 initialises a module without promising it locks of ours (C_Initialize with no arguments), so no
# two threads may be inside it at once, whichever ring they hold (PKCS#11 3.0, 5.4.1).
_TURN = threading.Lock()

_PIN_FAULTS = (
    pkcs11.PinIncorrect,
    pkcs11.PinInvalid,
    pkcs11.PinLenRange,
    pkcs11.PinLocked,
    pkcs11.PinExpired,
    pkcs11.UserPinNotInitialized,
)
# A key pair that bears this label was being made when the power failed; nothing ever signed with it.
_UNFINISHED = "rahdari unfinished"
_CURVES = {
    Algorithm.ES256: (KeyType.EC, "secp256r1", Mechanism.EC_KEY_PAIR_GEN),
    # RFC 8410, 3: id-Ed25519.
    Algorithm.EDDSA: (KeyType.EC_EDWARDS, "1.3.101.112", Mechanism.EC_EDWARDS_KEY_PAIR_GEN),
}


class Pkcs11KeyRing:
    """The keys of one token. Opened at the first use, not before; threads take turns."""

    def __init__(self, module_path: str, token_label: str, pin: str) -> None:
        """Use the token ``token_label`` of the PKCS#11 library at ``module_path``."""
        self._module_path = module_path
        self._token_label = token_label
        self._pin = pin
        self._session: pkcs11.Session | None = None
        self._is_pin_refused = False
        self._signers: dict[bytes, TokenSigner] = {}

    def prepare(self) -> None:
        """Do nothing: a token is opened in an instant."""

    def create(self, algorithm: Algorithm) -> PublicKey:
        """Make a key pair inside the token. Raises ``KeyLocked``, ``KeyStoreFailed``."""
        with self.working() as session:
            public_half, private_half = _generate(session, algorithm)
            public = _read_public(algorithm, public_half[Attribute.EC_POINT])
            for half in (private_half, public_half):
                half[Attribute.ID] = public.thumbprint()
                half[Attribute.LABEL] = public.thumbprint().hex()
        return public

    def signer(self, public: PublicKey) -> "TokenSigner":
        """Give what signs with this key. Raises ``UnknownKey``, ``KeyLocked``, ``KeyStoreFailed``."""
        known = self._signers.get(public.thumbprint())
        if known is None:
            with self.working() as session:
                find_private(session, public)
            known = self._signers[public.thumbprint()] = TokenSigner(self, public)
        return known

    @contextmanager
    def working(self) -> Iterator[pkcs11.Session]:
        """Have the token for oneself, logged in. Raises ``KeyLocked``, ``KeyStoreFailed``."""
        with _TURN:
            if self._is_pin_refused:
                raise self._locked()
            try:
                if self._session is None:
                    self._session = self._open()
                yield self._session
            except _PIN_FAULTS:
                # Never shown twice: each request of a server would bring the token nearer to locking itself.
                self._session, self._is_pin_refused = None, True
                raise self._locked() from None
            except pkcs11.PKCS11Error as failure:
                # The token may have been pulled out or restarted: the next use opens it anew.
                self._session = None
                raise KeyStoreFailed(
                    f"the token {self._token_label} failed ({type(failure).__name__}); "
                    "check that it is plugged in and has this label, then try again"
                ) from None

    def _locked(self) -> KeyLocked:
        return KeyLocked(
            f"the PIN does not open the token {self._token_label}; set RAHDARI_PKCS11_PIN and start again "
            "(a few wrong ones lock the token)"
        )

    def _open(self) -> pkcs11.Session:
        token = self._token()
        try:
            return token.open(rw=True, user_pin=self._pin)
        except pkcs11.UserAlreadyLoggedIn:
            # A login is the whole process's (PKCS#11 3.0, 5.6.8): another ring of ours has shown the PIN.
            return token.open(rw=True)

    def _token(self) -> Token:
        try:
            module = pkcs11.lib(self._module_path)
        except (pkcs11.PKCS11Error, OSError):
            raise KeyStoreFailed(
                f"no PKCS#11 module can be loaded from {self._module_path}; set pkcs11_module to its path"
            ) from None
        return module.get_token(token_label=self._token_label)


class TokenSigner:
    """Signs inside the token."""

    __slots__ = ("_found", "_public", "_ring")

    def __init__(self, ring: Pkcs11KeyRing, public: PublicKey) -> None:
        """Sign with the private half of ``public``, which ``ring`` holds."""
        self._ring = ring
        self._public = public
        self._found: tuple[pkcs11.Session, SignMixin] | None = None

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this signs."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Sign ``message``: 64 bytes. Raises ``UnknownKey``, ``KeyLocked``, ``KeyStoreFailed``."""
        with self._ring.working() as session:
            if self._found is None or self._found[0] is not session:
                self._found = (session, find_private(session, self._public))
            return _sign(self._found[1], self._public.algorithm, message)


def _sign(key: SignMixin, algorithm: Algorithm, message: bytes) -> bytes:
    if algorithm is Algorithm.EDDSA:
        return key.sign(message, mechanism=Mechanism.EDDSA)
    # CKM_ECDSA takes the digest and gives r and s, each 32 bytes (PKCS#11 3.0, 2.3.1 and 2.3.6).
    return key.sign(hashlib.sha256(message).digest(), mechanism=Mechanism.ECDSA)


def _generate(session: pkcs11.Session, algorithm: Algorithm) -> tuple[pkcs11.PublicKey, pkcs11.PrivateKey]:
    kind, curve, mechanism = _CURVES[algorithm]
    parameters = session.create_domain_parameters(
        kind, {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
    )
    try:
        return parameters.generate_keypair(
            store=True,
            label=_UNFINISHED,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            mechanism=mechanism,
            private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        )
    except (pkcs11.MechanismInvalid, pkcs11.FunctionNotSupported, pkcs11.DomainParamsInvalid):
        raise KeyStoreFailed(
            f"the token makes no keys for {algorithm}; set algorithm to another one"
        ) from None


def _read_public(algorithm: Algorithm, point: bytes) -> PublicKey:
    # CKA_EC_POINT is a DER octet string (PKCS#11 3.0, 2.3.3): 04 41 04 x y, or 04 20 and the 32 bytes of RFC 8032.
    try:
        if algorithm is Algorithm.ES256 and len(point) == 67 and point[:3] == b"\x04\x41\x04":
            return PublicKey(algorithm, point[3:35], point[35:])
        if algorithm is Algorithm.EDDSA and len(point) == 34 and point[:2] == b"\x04\x20":
            return PublicKey(algorithm, point[2:])
    except Refused:
        raise KeyStoreFailed("the token made a point that lies not on its curve; use another token") from None
    raise KeyStoreFailed("the token tells its public key in a form that is not known; use another token")


def find_private(session: pkcs11.Session, public: PublicKey) -> SignMixin:
    """Find the private half of ``public``. Raises ``UnknownKey``, ``KeyStoreFailed``."""
    wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: public.thumbprint().hex()}
    found = list(session.get_objects(wanted))
    if not found:
        raise UnknownKey(f"the token holds no private key {public.kid.hex()}; restore it from a backup")
    key = found[0]
    if len(found) > 1 or not isinstance(key, SignMixin):
        raise KeyStoreFailed(
            f"the token holds {len(found)} keys labelled {public.kid.hex()}; remove the others"
        )
    return key
