"""The authority's keys, as the register knows them: public halves and windows, never a private one."""

from dataclasses import dataclass
from datetime import datetime

from rahdari.wire.keys import PublicKey
from rahdari.wire.trust_list import KeyUse

__all__ = ["KeyRecord", "KeyUse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """One key with the window in which it signs, its end excluded.

    ``withdrawn_at`` set: whatever it ever signed is refused, whenever it was signed.
    """

    public: PublicKey
    use: KeyUse
    not_before: datetime
    not_after: datetime
    withdrawn_at: datetime | None = None
