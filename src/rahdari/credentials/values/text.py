"""Text in several languages."""

from collections.abc import Mapping
from types import MappingProxyType

type_of_language = str  # ISO 639-1, as the pages and the cards use it: "en", "ur", "zh"

LocalText = Mapping[str, str]
"""One meaning in several languages: ISO 639-1 code to text."""

_NO_TEXT: LocalText = MappingProxyType({})


def no_text() -> LocalText:
    """Give the text that says nothing in any language; the default of fields."""
    return _NO_TEXT


def local_text(**texts: str | None) -> LocalText:
    """Keep the languages that were given; ``None`` and blank ones are left out.

    Example:
        >>> dict(local_text(en="Amna", ur=None))
        {'en': 'Amna'}
    """
    return MappingProxyType({language: text for language, text in texts.items() if text})
