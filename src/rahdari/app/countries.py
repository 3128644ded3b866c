"""Names of countries, as the Unicode CLDR has them."""

from collections.abc import Collection

from babel import Locale, UnknownLocaleError
from babel.core import get_global


def name_country(code: str, language: str) -> str:
    """Name a country of ISO 3166-1 alpha-3 in a language (BCP 47); empty where CLDR knows no name of it."""
    short = get_global("territory_aliases").get(code, [code])[0]
    try:
        return str(Locale.parse(language, sep="-").territories.get(short, ""))
    except (UnknownLocaleError, ValueError):
        return ""


def spell_country(text: str, codes: Collection[str]) -> str:
    """Give the one code (alpha-3) that two letters, or CLDR's English name, stand for; else the text itself.

    Example:
        >>> [spell_country(text, ("PAK", "KOR", "PRK")) for text in ("pk", "South Korea", "Korea")]
        ['PAK', 'KOR', 'Korea']
    """
    wanted = text.strip()
    if not wanted or wanted.upper() in codes:
        return text
    aliases = get_global("territory_aliases")
    found = [
        code
        for code in codes
        if aliases.get(code, [])[:1] == [wanted.upper()]
        or name_country(code, "en").casefold() == wanted.casefold()
    ]
    return found[0] if len(found) == 1 else text
