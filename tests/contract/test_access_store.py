"""Each store of principals and tokens keeps the same promises: memory, SQLite, PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect

from rahdari.access import (
    Enrolment,
    NameTaken,
    NotAuthenticated,
    Principal,
    PrincipalId,
    Role,
    Store,
    Token,
    TokenId,
    authenticate,
    disable,
    enrol,
    issue_token,
)
from rahdari.access.migrations import MIGRATIONS
from rahdari.access.schema import METADATA
from rahdari.access.store import SqlStore
from rahdari.database import Database, is_current, migrate
from rahdari.kernel import ActorKind
from tests.contract.conftest import opening
from tests.fakes.access import OPERATOR, AccessInMemory
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock

AT = datetime(2026, 3, 1, 9, 0, 0, 1, tzinfo=UTC)
Opened = Callable[[], AbstractContextManager[Store]]


@pytest.fixture
def opened(engine: str | None) -> Iterator[Opened]:
    """Open the store for one transaction; what one kept, the next one finds."""
    memory = AccessInMemory()
    store: AbstractContextManager[Opened] = opening(engine, lambda: nullcontext(memory), SqlStore, MIGRATIONS)
    with store as opened:
        yield opened


def principal(number: int, *, name: str = "", at: datetime = AT) -> Principal:
    return Principal(
        id=PrincipalId(f"institution-{number}"),
        kind=ActorKind.INSTITUTION,
        name=name or f"Sample Bank {number}",
        roles=frozenset({Role.VERIFIER}),
        attributes=frozenset({"name", "age_over:18"}),
        enrolled_at=at,
    )


def token(number: int, bearer: int = 1, at: datetime = AT) -> Token:
    return Token(
        id=TokenId(f"token{number}"),
        principal=PrincipalId(f"institution-{bearer}"),
        digest=bytes([number]) * 32,
        issued_at=at,
        expires_at=at + timedelta(days=90),
    )


def test_what_was_added_is_found_the_same_in_the_next_transaction(opened: Opened) -> None:
    with opened() as store:
        store.add_principal(principal(1, name="نمونہ بینک 样本银行"))
        store.add_token(token(1))
        assert store.find_principal(PrincipalId("institution-1")) is not None
    with opened() as store:
        assert store.find_principal(PrincipalId("institution-1")) == principal(1, name="نمونہ بینک 样本银行")
        assert store.find_principal_named("نمونہ بینک 样本银行") is not None
        assert store.find_token(TokenId("token1")) == token(1)


def test_what_was_never_added_is_not_found(opened: Opened) -> None:
    with opened() as store:
        assert store.find_principal(PrincipalId("institution-1")) is None
        assert store.find_principal_named("Sample Bank 1") is None
        assert store.find_token(TokenId("token1")) is None
        assert store.find_principals() == ()
        assert store.find_tokens(PrincipalId("institution-1")) == ()


def test_a_name_is_borne_once_also_by_the_disabled(opened: Opened) -> None:
    with opened() as store:
        store.add_principal(principal(1))
        store.set_disabled(PrincipalId("institution-1"), AT)
    with pytest.raises(NameTaken), opened() as store:
        store.add_principal(principal(2, name="Sample Bank 1"))
    with opened() as store:
        assert [one.id for one in store.find_principals()] == ["institution-1"]


def test_names_that_differ_in_case_or_accent_are_different(opened: Opened) -> None:
    with opened() as store:
        for number, name in enumerate(["bank", "Bank", "bánk", "bank "]):
            store.add_principal(principal(number, name=name))
        found = store.find_principal_named("Bank")
    assert found is not None
    assert found.id == "institution-1"


def test_lists_are_in_the_order_of_enrolment_and_issue(opened: Opened) -> None:
    later = AT + timedelta(microseconds=1)
    with opened() as store:
        for number, at in ((1, later), (3, AT), (2, AT)):
            store.add_principal(principal(number, at=at))
        for number, at in ((1, later), (3, AT), (2, AT)):
            store.add_token(token(number, at=at))
        store.add_token(token(4, bearer=2))
        assert [one.id[-1] for one in store.find_principals()] == ["2", "3", "1"]
        assert [one.id[-1] for one in store.find_tokens(PrincipalId("institution-1"))] == ["2", "3", "1"]


def test_disabling_and_revoking_touch_only_the_one_meant(opened: Opened) -> None:
    with opened() as store:
        for number in (1, 2):
            store.add_principal(principal(number))
            store.add_token(token(number))
        store.set_disabled(PrincipalId("institution-1"), AT)
        store.set_revoked(TokenId("token2"), AT)
    with opened() as store:
        assert [one.disabled_at for one in store.find_principals()] == [AT, None]
        assert [one.revoked_at for one in store.find_tokens(PrincipalId("institution-1"))] == [None, AT]


def test_an_institution_comes_in_until_it_is_disabled(opened: Opened) -> None:
    clock, chance = WoundClock(), SeededChance()
    wanted = Enrolment(ActorKind.INSTITUTION, "Sample Bank", frozenset({"verifier"}), frozenset({"name"}))
    with opened() as store:
        bank = enrol(store, wanted, by=OPERATOR, clock=clock, chance=chance)
        text = issue_token(store, bank.id, by=OPERATOR, clock=clock, chance=chance).text
    with opened() as store:
        assert authenticate(store, text, clock=clock) == bank.as_actor()
    with opened() as store:
        disable(store, bank.id, by=OPERATOR, clock=clock)
    with pytest.raises(NotAuthenticated), opened() as store:
        authenticate(store, text, clock=clock)


def test_the_migrations_lead_to_the_tables_the_store_speaks_of(database: Database) -> None:
    migrate(database, [MIGRATIONS])
    migrate(database, [MIGRATIONS])
    assert is_current(database, [MIGRATIONS])
    with database.reading() as connection:
        found = inspect(connection)
        tables = {
            table.name: {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
            for table in METADATA.sorted_tables
        }
        unique = found.get_unique_constraints("access_principal")
    assert tables == {
        table.name: {column.name: column.nullable for column in table.columns}
        for table in METADATA.sorted_tables
    }
    assert [constraint["name"] for constraint in unique] == ["uq_access_principal_name"]
