"""SD-JWT (RFC 9901) and SD-JWT VC: a signed credential of which its holder shows a part.

Pure. Clause numbers in this folder are RFC 9901's where no other document is named.

Example:
    >>> from rahdari.wire.keys import SoftwareSigner
    >>> from rahdari.wire import sd_jwt
    >>> class Nought:  # for this page only: salts that can be guessed conceal nothing
    ...     def bytes(self, count: int) -> bytes:
    ...         return bytes(count)
    ...     def below(self, bound: int) -> int:
    ...         return 0
    >>> signer = SoftwareSigner.generate()
    >>> claims = {"iss": "https://issuer.example", "given_name": "Sample", "age": 61}
    >>> issued = sd_jwt.parse(sd_jwt.issue(signer, claims, disclosable=["given_name", "age"], chance=Nought()))
    >>> shown = sd_jwt.parse(sd_jwt.present(issued, issued.named("age")))
    >>> sd_jwt.verify(shown, signer.public)
    {'iss': 'https://issuer.example', 'age': 61}
"""

from rahdari.wire.sd_jwt.credential import Credential, issue_credential, read_credential, verify_credential
from rahdari.wire.sd_jwt.disclosure import Disclosure
from rahdari.wire.sd_jwt.issuing import issue
from rahdari.wire.sd_jwt.key_binding import KeyBindingRefused, bind, holder_key, verify_key_binding
from rahdari.wire.sd_jwt.reading import UnverifiedSdJwt, parse, present, verify, verify_disclosures

__all__ = [
    "Credential",
    "Disclosure",
    "KeyBindingRefused",
    "UnverifiedSdJwt",
    "bind",
    "holder_key",
    "issue",
    "issue_credential",
    "parse",
    "present",
    "read_credential",
    "verify",
    "verify_credential",
    "verify_disclosures",
    "verify_key_binding",
]
