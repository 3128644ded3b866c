"""When a gateway's keys are due for renewal: at two thirds of their life."""

from typing import Final

# The last third is time for people to notice that renewal does not work, and to mend it.
DUE_NUMERATOR: Final = 2
DUE_DENOMINATOR: Final = 3


def renewal_due(not_before: int, not_after: int) -> int:
    """Tell from when on a key or certificate of this window is to be renewed, in seconds since 1970.

    Example:
        >>> renewal_due(0, 90 * 86_400) // 86_400
        60
    """
    return not_before + (not_after - not_before) * DUE_NUMERATOR // DUE_DENOMINATOR


def is_renewal_due(not_before: int, not_after: int, *, at: int) -> bool:
    """Tell whether a key or certificate of this window is to be renewed now."""
    return at >= renewal_due(not_before, not_after)
