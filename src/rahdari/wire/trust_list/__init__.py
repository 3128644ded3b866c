"""The trust list: whom a verifier believes, signed by an offline root (decision 0004). Pure.

Reading proves nothing; ``verify_with`` proves who signed; whether the list is fresh and not rolled back is
decided by the room that holds the last one seen.

Example:
    >>> from rahdari.wire import trust_list
    >>> from rahdari.wire.keys import SoftwareSigner
    >>> root = SoftwareSigner.generate()
    >>> listed = trust_list.TrustList(sequence=1, issued_at=1_800_000_000, expires=1_800_600_000, issuers=())
    >>> signed = trust_list.decode(trust_list.sign(root, listed))
    >>> signed.verify_with([root.public]) == listed
    True
"""

from rahdari.wire.trust_list.document import SignedTrustList, decode, sign
from rahdari.wire.trust_list.entities import KeyUse, TrustedIssuer, TrustedKey, TrustList

__all__ = ["KeyUse", "SignedTrustList", "TrustList", "TrustedIssuer", "TrustedKey", "decode", "sign"]
