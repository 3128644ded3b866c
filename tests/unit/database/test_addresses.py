"""Which addresses are understood, and that none of them leaks its password."""

import pytest

from rahdari.database import BadAddress, Unreachable, open_database
from rahdari.kernel import CounterpartFailed, Refused

PASSWORD = "an-unmistakable-password"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "rahdari.db",
        "mysql://root@localhost/x",
        "sqlite+aiosqlite:///x.db",
        "postgresql+asyncpg://h/x",
        "://",
    ],
)
def test_an_address_of_no_known_engine_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(BadAddress, match=r"sqlite:///rahdari\.db or postgresql://") as caught:
        open_database(address)
    assert isinstance(caught.value, Refused)


def test_a_refused_address_is_not_repeated_because_it_may_hold_a_password() -> None:
    with pytest.raises(BadAddress) as caught:
        open_database(f"mysql://root:{PASSWORD}@localhost/x")
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_each_spelling_of_postgresql_opens_the_one_driver(scheme: str) -> None:
    database = open_database(f"{scheme}://officer:{PASSWORD}@db.example/rahdari")
    assert database.is_postgresql
    assert database.place == "the PostgreSQL database rahdari at db.example"


def test_a_server_that_is_not_there_is_unreachable_and_no_password_is_told() -> None:
    address = f"postgresql://officer:{PASSWORD}@/rahdari?host=/nonexistent-folder-of-sockets"
    with (
        pytest.raises(Unreachable, match="Check that it runs") as caught,
        open_database(address).transaction(),
    ):
        pass
    assert PASSWORD not in str(caught.value)
    assert "/nonexistent-folder-of-sockets" in str(caught.value)
    assert isinstance(caught.value, CounterpartFailed)


def test_nothing_is_opened_before_the_first_transaction() -> None:
    assert not open_database("sqlite:////nonexistent-folder/rahdari.db").is_postgresql
