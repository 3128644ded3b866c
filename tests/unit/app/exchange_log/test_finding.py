"""Finding the records of a request among many: whole groups in files, the rest in memory."""

from hashlib import sha256
from pathlib import Path

import pytest

from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.finding import GROUP, Found
from rahdari.exchange.errors import LogDamaged


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two whole groups and ten records: number n is of request n, but every 1,000th is of request "often"."""
    folder = tmp_path_factory.mktemp("found")
    found = Found(folder, Disk())
    written = list(found.add(name(number) for number in range(2 * GROUP + 10)))
    assert [path.stat().st_size for path in written] == [8 * GROUP, 8 * GROUP]
    assert found.size == 2 * GROUP + 10
    return folder


def name(number: int) -> str | None:
    if number % 1000 == 7:
        return "often"
    return None if number % 1000 == 8 else str(number)


@pytest.fixture
def found(folder: Path) -> Found:
    found = Found(folder, Disk())
    found.begin_at(2)
    list(found.add(name(number) for number in range(2 * GROUP, 2 * GROUP + 10)))
    return found


def test_each_record_is_found_wherever_it_stands(found: Found) -> None:
    for number in [
        *range(0, 2 * GROUP, 601),
        GROUP - 1,
        GROUP,
        2 * GROUP - 1,
        *range(2 * GROUP, 2 * GROUP + 7),
    ]:
        if name(number) == str(number):
            assert number in list(found.candidates(str(number)))


def test_almost_nothing_is_looked_at_in_vain(found: Found) -> None:
    assert sum(len(list(found.candidates(f"unknown {number}"))) for number in range(2000)) == 0


def test_a_request_of_many_records_has_them_all_in_order(found: Found) -> None:
    expected = [number for number in range(2 * GROUP + 10) if name(number) == "often"]
    found_at = list(found.candidates("often"))
    assert sorted(found_at) == expected
    assert len(set(found_at)) == len(expected) > 100


def test_groups_that_lie_unevenly_are_found_all_the_same(tmp_path: Path) -> None:
    """Requests of a few kinds repeat by the thousand, so hashes do not stand where they should."""
    found = Found(tmp_path, Disk())
    kinds = [f"kind {number}" for number in range(5)]
    list(found.add(kinds[number % 5] if number % 2 else f"other {number}" for number in range(GROUP)))
    for kind, first in ((kinds[1], 1), (kinds[3], 3)):
        assert sorted(found.candidates(kind)) == list(range(first, GROUP, 10))
    for number in range(0, GROUP, 998):
        assert number in list(found.candidates(f"other {number}"))
    smallest = min((f"other {n}" for n in range(0, GROUP, 2)), key=lambda one: sha256(one.encode()).digest())
    assert list(found.candidates(smallest)) == [int(smallest.split()[1])]


def test_a_group_that_is_not_whole_is_said_to_be_so(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    first = tmp_path / f"{0:015d}.requests"
    first.write_bytes(first.read_bytes()[:-8])
    found = Found(tmp_path, Disk())
    assert not found.is_whole(0)
    assert found.is_whole(1)
    first.unlink()
    found.begin_at(1)
    with pytest.raises(LogDamaged, match="restart"):
        list(found.candidates("1"))
