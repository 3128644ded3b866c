"""Products named in the reader's language, as far as the package has names: data give them in English.

Example:
    >>> product_words("Copper ores and concentrates", "zh"), product_words("Something else", "zh")
    ('铜矿砂', 'Something else')
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

ENGLISH = "en"


def product_words(name: str, language: str) -> str:
    """Name a product that data give in English; one without a name in the language keeps its own.

    The English name is looked up, not the code: the same code means other goods in another revision.
    """
    return name if language == ENGLISH else _names(language).get(name, name)


def has_words(name: str, language: str) -> bool:
    """Tell whether a name is in the language."""
    return language == ENGLISH or name in _names(language)


@cache
def _names(language: str) -> Mapping[str, str]:
    text = (files("rahdari.app") / "product_names.toml").read_text(encoding="utf-8")
    products: Mapping[str, Mapping[str, str]] = tomllib.loads(text)
    return MappingProxyType({one[ENGLISH]: one[language] for one in products.values() if language in one})
