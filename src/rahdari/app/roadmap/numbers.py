"""Numbers as a minister reads them: three digits that count, with their unit.

Example:
    >>> usd(1_239_483_920.12), usd(322_329_186), usd(0), percent(0.083)
    ('1.24 bn USD', '322 mn USD', '0 USD', '8.3 %')
"""

from rahdari.app.charts.chart import digits

_UNITS = ((1e12, "tn"), (1e9, "bn"), (1e6, "mn"), (1e3, "thousand"))


def usd(amount: float) -> str:
    """Write dollars: 1.24 bn USD.

    Example:
        >>> usd(999_999_999), usd(-5e6), usd(0.4)
        ('1 bn USD', '-5 mn USD', '0 USD')
    """
    for unit, name in _UNITS:
        # What would be written as 1,000 of a unit is 1 of the next.
        if abs(amount) >= unit * 0.9995:
            return f"{digits(amount / unit)} {name} USD"
    return f"{digits(round(amount))} USD"


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
