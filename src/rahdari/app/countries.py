"""Names of countries, as the Unicode CLDR has them."""

from babel import Locale, UnknownLocaleError
from babel.core import get_global


def name_country(code: str, language: str) -> str:
    """Name a country of ISO 3166-1 alpha-3 in a language (BCP 47); empty where CLDR knows no name of it."""
    short = get_global("territory_aliases").get(code, [code])[0]
    try:
        return str(Locale.parse(language, sep="-").territories.get(short, ""))
    except (UnknownLocaleError, ValueError):
        return ""
