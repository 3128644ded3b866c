"""A schedule laid over markets and products: the longest prefix, the origin's own rate, and what is not known."""

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, BadTable
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.wire import tariff_schedule
from tests.unit.trade.potential_worlds import COUNTRIES, PRODUCTS, SCHEDULE, literal_rate


def laid(schedule: bytes = SCHEDULE, products: tuple[str, ...] = PRODUCTS) -> TariffBook:
    return TariffBook.of(tariff_schedule.read(schedule), COUNTRIES, products)


def schedule(*lines: str) -> bytes:
    return "\n".join(("importer,exporter,product,rate_percent,kind", *lines)).encode()


def test_every_rate_is_what_looking_it_up_line_by_line_gives() -> None:
    book = laid()
    for exporter in ("", *COUNTRIES, "ZZZ"):
        rates = book.of_exporter(exporter)
        for row, importer in enumerate(COUNTRIES):
            for column, product in enumerate(PRODUCTS):
                expected = literal_rate(SCHEDULE.decode(), importer, exporter, product)
                assert rates[row, column] == (expected or 0.0)
                assert book.is_known[row, column] == (expected is not None)


def test_one_markets_rates_are_those_of_each_origin() -> None:
    book = laid()
    for row, importer in enumerate(COUNTRIES):
        rates = book.of_market(importer, ("AAA", "CCC", "ZZZ"))
        for place, exporter in enumerate(("AAA", "CCC", "ZZZ")):
            np.testing.assert_array_equal(rates[place], book.of_exporter(exporter)[row])


def test_the_longest_prefix_wins_in_whatever_order_the_lines_stand() -> None:
    lines = ("AAA,,740311,1,mfn", "AAA,,*,9,mfn", "AAA,,7403,2,mfn", "AAA,,74,3,mfn")
    for some in (lines, lines[::-1], lines[2:] + lines[:2]):
        assert laid(schedule(*some)).mfn[0].tolist() == [0.09, 0.09, 0.01, 0.03, 0.09]


def test_an_origins_own_rate_wins_over_a_finer_general_one() -> None:
    book = laid(schedule("AAA,,740311,7,mfn", "AAA,BBB,*,2,preference", "AAA,,*,9,mfn"))
    assert book.of_exporter("BBB")[0].tolist() == [0.02] * 5
    assert book.of_exporter("CCC")[0].tolist() == [0.09, 0.09, 0.07, 0.09, 0.09]


def test_what_the_schedule_says_of_others_is_left_aside() -> None:
    book = laid(schedule("ZZZ,,*,9,mfn", "AAA,,99,3,mfn", "AAA,,01,4,mfn", "ZZZ,AAA,01,1,preference"))
    assert book.is_known.sum() == 2
    assert not any(len(given.rates) for given in book.preferences.values())


def test_a_preference_without_the_general_rate_is_refused_by_name() -> None:
    with pytest.raises(BadTable, match="AAA gives BBB a rate of its own on 740311"):
        laid(schedule("AAA,,01,4,mfn", "AAA,BBB,7403,0,preference"))


def test_a_schedule_finer_than_the_question_is_refused() -> None:
    with pytest.raises(BadParameter, match="740311, the products asked about have 4 digits"):
        laid(schedule("AAA,,740311,4,mfn"), ("7403", "7404"))


def test_a_market_that_was_not_asked_about_is_refused() -> None:
    with pytest.raises(BadParameter, match="ZZZ"):
        laid().of_market("ZZZ", ("AAA",))


def test_an_empty_schedule_knows_nothing() -> None:
    book = laid(schedule())
    assert not book.is_known.any()
    assert not book.of_exporter("AAA").any()


def test_rates_cannot_be_written_to() -> None:
    book = laid()
    for rates in (book.mfn, book.of_exporter("AAA"), book.of_market("AAA", ("BBB",))):
        with pytest.raises(ValueError, match="read-only"):
            rates[0, 0] = 1.0
