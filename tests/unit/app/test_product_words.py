"""Products have names in the three languages, and every name that is carried is of a product that is carried."""

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from rahdari.app.analyst import open_analyst
from rahdari.app.product_words import has_words, product_words
from rahdari.trade import Level

NAMES = tomllib.loads((files("rahdari.app") / "product_names.toml").read_text(encoding="utf-8"))


def test_the_names_are_of_the_products_that_the_package_carries(tmp_path: Path) -> None:
    carried = {
        str(one.code): one.name for one in open_analyst(tmp_path, release="carried").book.products(Level.HS6)
    }
    assert {code: one["en"] for code, one in NAMES.items()} == carried


@pytest.mark.parametrize("language", ["ur", "zh"])
def test_no_two_products_have_one_name_and_none_is_left_in_english(language: str) -> None:
    names = [one[language] for one in NAMES.values()]
    assert len(set(names)) == len(names) == 74
    assert [name for name in names if any("a" <= letter.lower() <= "z" for letter in name)] == []
    assert all(has_words(one["en"], language) for one in NAMES.values())


def test_a_product_without_a_name_keeps_the_one_that_the_data_give() -> None:
    assert product_words("Rice", "ur") == "Rice"
    assert not has_words("Rice", "zh")
    assert has_words("Rice", "en")
