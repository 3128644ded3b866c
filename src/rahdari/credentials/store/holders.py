"""Holders and portraits."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import Row

from rahdari.credentials.errors import HolderTaken
from rahdari.credentials.schema import holder, portrait
from rahdari.credentials.store.table import Part, in_slices
from rahdari.credentials.values.holders import (
    Biometric,
    Gender,
    Holder,
    HolderId,
    HolderKind,
    Organisation,
    Party,
    Person,
    Portrait,
)
from rahdari.database import Conflict, named_failures

CARD_PROFILE = "card"
_PLAIN = ("family_number", "permanent_region", "country_of_stay", "passport_number")
_LOCAL = ("name", "guardian", "address", "permanent_address")


class HolderTable(Part):
    """The part of the store that keeps holders."""

    def add_holders(self, holders: Sequence[tuple[Holder, Portrait | None]]) -> None:
        """Add all or none. Raises ``HolderTaken``."""
        if not holders:
            return
        try:
            with named_failures():
                self._connection.execute(insert(holder), [_holder_row(one) for one, _ in holders])
        except Conflict:
            raise HolderTaken(
                "a holder with one of these numbers is registered already; look it up"
            ) from None
        pictures = [row for one, photo in holders if photo for row in _portrait_rows(one.id, photo)]
        if pictures:
            self._connection.execute(insert(portrait), pictures)

    def find_holder(self, holder_id: HolderId) -> Holder | None:
        """Find a holder by id."""
        return self.find_holders([holder_id]).get(holder_id)

    def find_holder_by_number(self, kind: HolderKind, number: str) -> Holder | None:
        """Find a holder by canonical number."""
        wanted = select(holder).where(holder.c.kind == kind.value, holder.c.number == number)
        row = self._connection.execute(wanted).first()
        return _holder(row) if row else None

    def find_holders(self, holders: Sequence[HolderId]) -> Mapping[HolderId, Holder]:
        """Find many holders by id."""
        found: dict[HolderId, Holder] = {}
        for some in in_slices(list(dict.fromkeys(holders))):
            for row in self._connection.execute(select(holder).where(holder.c.id.in_(some))):
                found[HolderId(row.id)] = _holder(row)
        return found

    def find_portrait(self, holder_id: HolderId) -> Portrait | None:
        """Find the photograph of a holder."""
        wanted = select(portrait.c.profile, portrait.c.picture).where(portrait.c.holder == holder_id)
        pictures = {row.profile: bytes(row.picture) for row in self._connection.execute(wanted)}
        if CARD_PROFILE not in pictures:
            return None
        return Portrait(pictures.pop(CARD_PROFILE), pictures)

    def find_qr_photos(self, holders: Sequence[HolderId], profile: str) -> Mapping[HolderId, bytes]:
        """Find the photographs of many holders in one size."""
        found: dict[HolderId, bytes] = {}
        for some in in_slices(list(dict.fromkeys(holders))):
            wanted = select(portrait.c.holder, portrait.c.picture).where(
                portrait.c.holder.in_(some), portrait.c.profile == profile
            )
            found.update(
                {HolderId(row.holder): bytes(row.picture) for row in self._connection.execute(wanted)}
            )
        return found

    def find_taken_numbers(self, kind: HolderKind, numbers: Sequence[str]) -> frozenset[str]:
        """Tell which of ``numbers`` are registered already."""
        taken: set[str] = set()
        for some in in_slices(numbers):
            wanted = select(holder.c.number).where(holder.c.kind == kind.value, holder.c.number.in_(some))
            taken.update(self._connection.execute(wanted).scalars())
        return frozenset(taken)

    def list_holders(self, *, after: HolderId | None, limit: int) -> tuple[Holder, ...]:
        """List holders in the order of their ids, which is that of registration."""
        wanted = select(holder).where(holder.c.id > (after or "")).order_by(holder.c.id).limit(limit)
        return tuple(_holder(row) for row in self._connection.execute(wanted))


def _holder_row(one: Holder) -> dict[str, object]:
    return {
        "id": one.id,
        "kind": one.party.kind.value,
        "number": one.party.number,
        "party": _party_fields(one.party),
        "registered_at": one.registered_at,
    }


def _portrait_rows(one: HolderId, photo: Portrait) -> Iterator[dict[str, object]]:
    yield {"holder": one, "profile": CARD_PROFILE, "picture": photo.card}
    for profile, picture in photo.qr.items():
        yield {"holder": one, "profile": profile, "picture": picture}


def _party_fields(party: Party) -> dict[str, object]:
    shared: dict[str, object] = {
        "name": dict(party.name),
        "address": dict(party.address),
        "nationality": party.nationality,
        "permanent_region": party.permanent_region,
    }
    if isinstance(party, Organisation):
        return {**shared, "form": party.form}
    return {
        **shared,
        **{name: getattr(party, name) for name in _PLAIN},
        **{name: dict(getattr(party, name)) for name in _LOCAL},
        "gender": party.gender.value,
        "date_of_birth": party.date_of_birth.isoformat(),
        "captured": sorted(party.captured),
    }


def _holder(row: Row[Any]) -> Holder:
    """Read the first columns of a row, which are those of the table in its order."""
    columns: Sequence[Any] = row[:5]
    holder_id, kind, number, fields, registered_at = columns
    if kind == HolderKind.ORGANISATION:
        return Holder(HolderId(holder_id), Organisation(number=number, **fields), registered_at)
    fields["gender"] = Gender(fields["gender"])
    fields["date_of_birth"] = date.fromisoformat(fields["date_of_birth"])
    fields["captured"] = frozenset(map(Biometric, fields["captured"]))
    return Holder(HolderId(holder_id), Person(number=number, **fields), registered_at)
