"""Numbers as a minister reads them: three digits that count, with their unit.

Example:
    >>> usd(1_239_483_920.12), usd(322_329_186), usd(0), percent(0.083)
    ('1.24 bn USD', '322 mn USD', '0 USD', '8.3 %')
"""

from collections.abc import Sequence

from rahdari.app.charts.chart import digits

__all__ = ["count", "digits", "money", "percent", "times", "usd"]

_UNITS = ((1e12, "tn USD"), (1e9, "bn USD"), (1e6, "mn USD"), (1e3, "thousand USD"), (1.0, "USD"))


def usd(amount: float) -> str:
    """Write dollars: 1.24 bn USD.

    Example:
        >>> usd(999_999_999), usd(-5e6), usd(0.4)
        ('1 bn USD', '-5 mn USD', '0 USD')
    """
    return money(amount, _UNITS)


def money(amount: float, units: Sequence[tuple[float, str]]) -> str:
    """Write an amount in the unit in which it has few digits; ``units`` from the largest to the one of 1.

    Example:
        >>> money(123_456_789, ((1e8, "亿美元"), (1e4, "万美元"), (1, "美元")))
        '1.23 亿美元'
    """
    for unit, name in units[:-1]:
        # What would be written as 1,000 of a unit is 1 of the next.
        if abs(amount) >= unit * 0.9995:
            return f"{digits(amount / unit)} {name}"
    return f"{digits(round(amount))} {units[-1][1]}"


def percent(share: float) -> str:
    """Write a share in per cent: 8.3 %, 13 %.

    Example:
        >>> percent(0.1746), percent(1.0), percent(0.0004)
        ('17.5 %', '100 %', '0.04 %')
    """
    value = 100.0 * share
    size = abs(value)
    if size >= 99.95 or value == 0:
        return f"{value:,.0f} %"
    if size >= 0.095:
        return f"{value:.1f}".removesuffix(".0") + " %"
    return f"{value:.2g} %"


def times(ratio: float) -> str:
    """Write a multiple.

    Example:
        >>> times(5.0), times(21.008), times(123.4)
        ('5 times', '21 times', '123 times')
    """
    return f"{digits(ratio)} times"


def count(number: float) -> str:
    """Write a plain number with thousands apart.

    Example:
        >>> count(6000), count(12.5)
        ('6,000', '12.5')
    """
    return f"{number:,.0f}" if float(number).is_integer() or abs(number) >= 1000 else digits(number)
