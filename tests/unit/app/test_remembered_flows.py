"""A book that remembers: the same answers, asked once, within its bytes."""

from collections.abc import Sequence

import pytest
from typing_extensions import override

from rahdari.app.remembered_flows import RememberedFlows
from rahdari.app.trade_data import open_flows
from rahdari.trade import CountryCode, FlowBook, Level, Matrix, ProductCode

PAK, LEVEL = CountryCode("PAK"), Level.HS2


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> FlowBook:
    return open_flows(tmp_path_factory.mktemp("no-releases"))


class Counted(RememberedFlows):
    """Counts how often the sums of exports were asked for behind it."""

    asked = 0

    @override
    def exports(self, years: Sequence[int], level: Level) -> Matrix:
        self.asked += 1
        return super().exports(years, level)


def test_every_answer_is_that_of_the_book_behind(book: FlowBook) -> None:
    remembered = RememberedFlows(book)
    for _ in range(2):
        for one, other in (
            (remembered.exports([2024], LEVEL), book.exports([2024], LEVEL)),
            (remembered.imports([2024], LEVEL), book.imports([2024], LEVEL)),
            (remembered.bilateral([2023, 2024]), book.bilateral([2023, 2024])),
            (remembered.sold_by(PAK, [2024], LEVEL), book.sold_by(PAK, [2024], LEVEL)),
            (remembered.bought_by(PAK, [2024], LEVEL), book.bought_by(PAK, [2024], LEVEL)),
            (remembered.of_product(ProductCode("26"), [2024]), book.of_product(ProductCode("26"), [2024])),
            (remembered.quantities([2024], LEVEL)[1], book.quantities([2024], LEVEL)[1]),
        ):
            assert (one.rows, one.columns) == (other.rows, other.columns)
            assert (one.values == other.values).all()
    assert (remembered.source, remembered.years) == (book.source, book.years)
    assert remembered.countries == book.countries
    assert remembered.products(LEVEL) == book.products(LEVEL)


def test_the_same_question_is_asked_once_and_another_anew(book: FlowBook) -> None:
    behind = Counted(book)
    remembered = RememberedFlows(behind)
    first = remembered.exports([2024], LEVEL)
    assert remembered.exports([2024], LEVEL) is first
    assert behind.asked == 1
    remembered.exports([2023], LEVEL)
    remembered.exports([2024], Level.HS4)
    assert behind.asked == 3


def test_the_least_used_is_forgotten_when_there_is_too_much(book: FlowBook) -> None:
    behind = Counted(book)
    size = book.exports([2024], LEVEL).values.nbytes
    remembered = RememberedFlows(behind, bytes_max=2 * size)
    for year in (2022, 2023, 2022, 2024):
        remembered.exports([year], LEVEL)
    assert behind.asked == 3
    remembered.exports([2022], LEVEL)
    assert behind.asked == 3
    remembered.exports([2023], LEVEL)
    assert behind.asked == 4


def test_an_answer_larger_than_the_memory_is_given_all_the_same(book: FlowBook) -> None:
    remembered = RememberedFlows(book, bytes_max=1)
    assert remembered.bilateral([2024]).values.any()
