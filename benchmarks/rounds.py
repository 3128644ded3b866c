"""How every figure is taken: CPU time, one core, rounds of both sides in turn, the median of the rounds' ratios."""

import statistics
import time
from collections.abc import Callable

# Many short rounds: whatever else the machine does then falls on both sides alike.
ROUNDS = 61


def cpu_seconds(work: Callable[[], object], times: int) -> float:
    """Measure the CPU seconds that one call of ``work`` takes, over ``times`` calls in a row."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def median_ratio(theirs: Callable[[], float], ours: Callable[[], float], rounds: int = ROUNDS) -> float:
    """Take both sides' seconds in turn and give the median of theirs over ours: above 1, we are faster."""
    theirs(), ours()  # the first round warms caches and is thrown away
    return statistics.median(theirs() / ours() for _ in range(rounds))


def print_row(name: str, figure: float, target: float) -> None:
    """Print the row that ``make bench`` collects: name, figure, target, ok or short."""
    print(f"{name} {figure:.2f} {target:.2f} {'ok' if figure >= target else 'short'}")
