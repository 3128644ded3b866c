"""Who asked about me: told from the very evidence, but for what a logged order withholds, and only for its time."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from rahdari.app.exchange.citizen_desk import CitizenDesk, opened_citizens_log
from rahdari.app.exchange.citizens_log import ANSWERED_MAX, CitizensLog
from rahdari.app.exchange.consent_desk import opened_index
from rahdari.app.exchange.log import EvidenceLogFiles, LogSecrets, LogSigners
from rahdari.app.exchange.subject_keys import SubjectKeys
from rahdari.app.exchange.withholding_desk import FOLDER, take_in
from rahdari.exchange.errors import LogDamaged, SubjectKeyDamaged, SubjectUnreadable, WithholdingRefused
from rahdari.exchange.values.lookups import Ended, Order, WithholdingKind
from rahdari.wire.ndel.record_bytes import encode_entry, request_id_of
from rahdari.wire.ndel.records import ExchangeRecord, LogEntry, ReceiptRecord, Role
from rahdari.wire.xroad import MemberId, SubsystemId
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.gateway_homes import ENVIRONMENT, MadeGateway, add_gateway, make_instance
from tests.unit.wire.test_ndel_record_bytes import FULL, MARK

AT = datetime(2027, 3, 20, 9, 0, tzinfo=UTC)
BANK = SubsystemId("PK", "COM", "2002", "loans")
POLICE = SubsystemId("PK", "GOV", "3003", "police")
# The homes of gateways look for free ports.
pytestmark = pytest.mark.loopback
ME, OTHER = "35202-1", "35202-2"
DAY = timedelta(days=1)


@dataclass
class Place:
    """A gateway's home, and what its gateway would write into its log."""

    made: MadeGateway
    clock: WoundClock

    @property
    def keys(self) -> SubjectKeys:
        folder = self.made.home.keys_folder / "subjects"
        return SubjectKeys(folder, self.made.keys.subjects_key, SeededChance())

    def asked(self, person: str = ME, *, at: datetime = AT, **changes: object) -> ExchangeRecord:
        milliseconds = int(at.timestamp() * 1000)
        made = replace(
            FULL,
            client=BANK,
            request_id=f"r-{milliseconds}",
            began=milliseconds,
            ended=milliseconds + 20,
            purpose="kyc",
            fault="",
            subject=self.keys.index(person, at),
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def write(self, *entries: LogEntry) -> None:
        """Let the gateway log these, and take in the orders that lie beside its log."""

        async def told() -> None:
            secrets = LogSecrets(
                LogSigners(self.made.keys.origin, self.made.keys.log_signers), self.made.keys.particulars_key
            )
            log = EvidenceLogFiles(
                self.made.home.log_folder,
                secrets,
                clock=self.clock,
                chance=SeededChance(),
                request_of=request_id_of,
            )
            async with log:
                for entry in entries:
                    await log.append(encode_entry(entry), b"")
                await take_in(self.made.home.folder / FOLDER, log)

        asyncio.run(told())

    def open(self) -> "Iterator[CitizenDesk]":
        with opened_citizens_log(
            self.made.home.folder, ENVIRONMENT, clock=self.clock, chance=SeededChance()
        ) as desk:
            yield desk


@pytest.fixture
def place(tmp_path: Path) -> Place:
    clock = WoundClock(AT)
    instance = make_instance(tmp_path)
    made = add_gateway(instance, MemberId("PK", "GOV", "1001"), "registry", at=AT)
    add_gateway(instance, MemberId("PK", "COM", "2002"), "loans", at=AT)
    instance.publish(at=AT)
    return Place(made, clock)


@pytest.fixture
def desk(place: Place) -> Iterator[CitizenDesk]:
    place.write()
    yield from place.open()


def answer(log: CitizensLog, person: str = ME, *, language: str = "en") -> list[str]:
    told = log.answer(person, since=AT - 400 * DAY, until=AT + 400 * DAY, language=language)
    return [one.request_id for one in told]


def test_a_person_is_told_who_asked_when_by_which_service_and_what_for(
    place: Place, desk: CitizenDesk
) -> None:
    place.write(place.asked(consent_id="c-1"))
    (told,) = desk.log.answer("35202 1", since=AT - DAY, until=AT + DAY, language="ur")
    assert told.client == "PK/COM/2002/loans"
    assert told.client_name == "Member 2002"
    assert told.service_name == "person"
    assert (told.purpose, told.purpose_title, told.basis) == ("kyc", "صارف کی پہچان", "Banking law")
    assert (told.consent_id, told.outcome, told.leaf) == ("c-1", "answered", 0)
    assert told.at == int(AT.timestamp() * 1000) + 20


@pytest.mark.parametrize(
    ("status", "fault", "outcome"),
    [
        (200, "", "answered"),
        (404, "", "nothing-found"),
        (403, "", "refused"),
        (500, "", "failed"),
        (200, "x", "refused"),
    ],
)
def test_the_outcome_stands_in_one_word(
    place: Place, desk: CitizenDesk, status: int, fault: str, outcome: str
) -> None:
    place.write(place.asked(status=status, fault=fault))
    assert [one.outcome for one in desk.log.answer(ME, since=AT - DAY, until=AT + DAY)] == [outcome]


def test_nobody_is_told_of_anothers(place: Place, desk: CitizenDesk) -> None:
    place.write(
        place.asked(at=AT),
        place.asked(OTHER, at=AT + DAY),
        place.asked(at=AT + 2 * DAY, role=Role.CONSUMER),
        place.asked(at=AT + 3 * DAY, subject=None),
        ReceiptRecord("r-1", 1, MARK),
    )
    assert answer(desk.log) == [f"r-{int(AT.timestamp() * 1000)}"]
    assert len(answer(desk.log, OTHER)) == 1
    assert answer(desk.log, "35202-3") == []
    with pytest.raises(SubjectUnreadable):
        answer(desk.log, "--")


def test_the_index_catches_up_with_the_log_and_reads_nothing_twice(place: Place, desk: CitizenDesk) -> None:
    place.write(place.asked(at=AT), place.asked(at=AT + DAY))
    assert desk.log.catch_up() == 2
    assert desk.log.catch_up() == 0
    place.write(place.asked(at=AT + 2 * DAY))
    assert len(answer(desk.log)) == 3
    assert desk.log.rebuild() == 3
    assert len(answer(desk.log)) == 3


def test_months_are_found_by_their_own_keys_until_these_are_erased(place: Place, desk: CitizenDesk) -> None:
    place.write(place.asked(at=AT - 60 * DAY), place.asked(at=AT))
    assert len(answer(desk.log)) == 2
    assert desk.keys.periods() == ("2027-01", "2027-03")
    assert desk.keys.erase("2027-03") == ("2027-01",)
    assert answer(desk.log) == [f"r-{int(AT.timestamp() * 1000)}"]
    assert desk.log.rebuild() == 2, "the log itself is whole"
    assert len(answer(desk.log)) == 1


def order(**changes: object) -> Order:
    at = int(AT.timestamp())
    made = Order(
        WithholdingKind.CRIMINAL_INVESTIGATION, "7/2027", "District court", ME, POLICE, at, at + 30 * 86_400
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_order_hides_a_clients_questions_until_it_ends(place: Place, desk: CitizenDesk) -> None:
    place.write(
        place.asked(at=AT), place.asked(at=AT + DAY, client=POLICE), place.asked(OTHER, client=POLICE)
    )
    assert len(answer(desk.log)) == 2
    withholding = desk.order(order())
    assert len(answer(desk.log)) == 2, "an order acts once it stands in the log"
    place.write()
    assert answer(desk.log) == [f"r-{int(AT.timestamp() * 1000)}"]
    assert len(answer(desk.log, OTHER)) == 1
    counted = desk.log.count_withheld()
    assert (counted.now, counted.ever) == ({"criminal_investigation": 1}, {"criminal_investigation": 1})
    assert {one.id for one in desk.log.list_orders()} == {withholding}
    assert not list((place.made.home.folder / FOLDER).iterdir())
    place.clock.wind(30 * DAY)
    assert len(answer(desk.log)) == 2, "it lifted itself"
    counted = desk.log.count_withheld()
    assert (counted.now, counted.ever) == ({}, {"criminal_investigation": 1})


def test_what_an_order_withheld_is_told_with_the_orders_kind_and_end_and_no_more(
    place: Place, desk: CitizenDesk
) -> None:
    place.write(place.asked(at=AT), place.asked(at=AT + DAY, client=POLICE))
    desk.order(order())
    place.write()
    place.clock.wind(30 * DAY)
    police, bank = desk.log.answer(ME, since=AT - DAY, until=AT + 2 * DAY)
    end = int((AT + 30 * DAY).timestamp())
    assert police.was_withheld == Ended("criminal_investigation", end)
    assert bank.was_withheld is None
    assert "7/2027" not in repr(police), "neither its number nor who ordered it"
    assert "District court" not in repr(police)


def test_while_a_second_order_withholds_it_the_end_of_the_first_tells_nothing(
    place: Place, desk: CitizenDesk
) -> None:
    place.write(place.asked(client=POLICE))
    desk.order(order())
    place.write()
    place.clock.wind(29 * DAY)
    until = int((AT + 60 * DAY).timestamp())
    desk.order(order(until=until))
    place.write()
    place.clock.wind(2 * DAY)
    assert answer(desk.log) == []


def test_an_order_is_lifted_by_another_record_of_the_log(place: Place, desk: CitizenDesk) -> None:
    place.write(place.asked(client=POLICE))
    withholding = desk.order(order())
    place.write()
    assert answer(desk.log) == []
    desk.lift(withholding, by="District court")
    place.write()
    assert len(answer(desk.log)) == 1
    with pytest.raises(WithholdingRefused):
        desk.lift(withholding, by="District court")


def test_an_order_that_may_not_be_leaves_nothing_behind(place: Place, desk: CitizenDesk) -> None:
    with pytest.raises(WithholdingRefused):
        desk.order(order(until=int(AT.timestamp()) + 181 * 86_400))
    assert not (place.made.home.folder / FOLDER).exists()


def test_what_lies_among_the_orders_and_is_none_is_left_there(place: Place, desk: CitizenDesk) -> None:
    folder = place.made.home.folder / FOLDER
    folder.mkdir()
    (folder / "1.entry").write_bytes(b"junk")
    (folder / "2.entry").write_bytes(encode_entry(place.asked()))
    place.write()
    assert len(list(folder.iterdir())) == 2
    assert desk.log.catch_up() == 0


def test_an_index_that_was_altered_is_found_out(place: Place, desk: CitizenDesk) -> None:
    place.write(place.asked())
    assert len(answer(desk.log)) == 1
    with opened_index(place.made.home) as database, database.transaction() as connection:
        connection.execute(text("UPDATE exchange_lookup SET purpose = 'tax'"))
    with pytest.raises(LogDamaged):
        answer(desk.log)
    desk.log.rebuild()
    assert len(answer(desk.log)) == 1


def test_many_withheld_questions_do_not_hide_those_that_are_told(
    place: Place, desk: CitizenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rahdari.app.exchange import citizens_log  # noqa: PLC0415

    monkeypatch.setattr(citizens_log, "ANSWERED_MAX", 3)
    hidden = [place.asked(at=AT + number * timedelta(seconds=1), client=POLICE) for number in range(1, 10)]
    place.write(place.asked(at=AT), *hidden)
    desk.order(order())
    place.write()
    assert answer(desk.log) == [f"r-{int(AT.timestamp() * 1000)}"]
    assert ANSWERED_MAX == 1000


def test_titles_come_in_the_persons_language(place: Place, desk: CitizenDesk) -> None:
    place.write(place.asked())
    told = desk.log.answer(ME, since=AT - DAY, until=AT + DAY, language="zh")
    assert [one.purpose_title for one in told] == ["了解客户"]
    told = desk.log.answer(ME, since=AT - DAY, until=AT + DAY, language="fr")
    assert [one.purpose_title for one in told] == ["Know your customer"]


def test_a_months_key_is_sealed_and_belongs_to_its_month(place: Place) -> None:
    keys = place.keys
    first = keys.index(ME, AT)
    assert place.keys.index("35202 1", AT) == first, "another process finds the same key"
    assert keys.index(ME, AT + 20 * DAY).digest != first.digest
    folder = place.made.home.keys_folder / "subjects"
    march, april = folder / "2027-03.key", folder / "2027-04.key"
    assert march.stat().st_mode & 0o077 == 0
    april.write_bytes(march.read_bytes())
    with pytest.raises(SubjectKeyDamaged):
        place.keys.find("2027-04")
    assert keys.find("2027-02") is None
