"""What every room shares: problems, actors, and the protocols for time and chance. Pure.

Example:
    >>> from rahdari.kernel import Refused
    >>> class Locked(Refused):
    ...     code = "example.locked"
    >>> Locked("the drawer is locked; ask the keeper").code
    'example.locked'
"""

from rahdari.kernel.actor import Actor, ActorKind
from rahdari.kernel.chance import Chance
from rahdari.kernel.clock import Clock
from rahdari.kernel.ids import readable_number, time_ordered_id
from rahdari.kernel.problem import CounterpartFailed, Problem, Refused

__all__ = [
    "Actor",
    "ActorKind",
    "Chance",
    "Clock",
    "CounterpartFailed",
    "Problem",
    "Refused",
    "readable_number",
    "time_ordered_id",
]
