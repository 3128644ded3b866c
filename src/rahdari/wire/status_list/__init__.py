"""Token Status List: many passes' statuses in one signed, compressed array of bits.

Follows draft-ietf-oauth-status-list, revision 21 of 2026-11-03. Clause numbers in this folder are that
draft's. Pure: fetching, caching and the rules of freshness belong to the rooms above.

Example:
    >>> from rahdari.wire.status_list import StatusArray, StatusType
    >>> statuses = StatusArray.of_size(1024, [(7, StatusType.SUSPENDED)])
    >>> StatusType(statuses.get(7)).name, StatusType(statuses.get(8)).name
    ('SUSPENDED', 'VALID')
"""

from rahdari.wire.status_list.array import LIST_BYTES_MAX, StatusArray, StatusType
from rahdari.wire.status_list.cwt import decode_cwt, sign_cwt
from rahdari.wire.status_list.jwt import decode_jwt, sign_jwt
from rahdari.wire.status_list.reference import StatusReference
from rahdari.wire.status_list.token import (
    AnotherStatusList,
    StatusList,
    StatusListExpired,
    StatusListFromTheFuture,
    StatusListToken,
)

__all__ = [
    "LIST_BYTES_MAX",
    "AnotherStatusList",
    "StatusArray",
    "StatusList",
    "StatusListExpired",
    "StatusListFromTheFuture",
    "StatusListToken",
    "StatusReference",
    "StatusType",
    "decode_cwt",
    "decode_jwt",
    "sign_cwt",
    "sign_jwt",
]
