"""How alike two names are: from 0 to 1, the same both ways, and 1 for a name with itself."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from rahdari.oversight.rules.names import Script, Word, is_optional, read_words

# Across scripts only consonants are compared, so that Hassan is Hussain there: never quite the same.
ACROSS_SCRIPTS_MAX = 0.94
_INITIAL = 0.85
_LEFT_OUT, _LEFT_OUT_OPTIONAL = 0.5, 0.12
# What it costs to put one sound in another's place, or to leave it out, beside 1 for what has nothing in common.
_NEAR = {
    frozenset(pair): cost
    for pairs, cost in (
        (("ae", "ei"), 0.15),
        (("ai", "au"), 0.5),
        (("eu", "iu"), 0.5),
        (("اع", "ہح", "سص", "تط", "زذ", "زظ", "زض", "ثس", "قک", "دڈ", "رڑ", "تٹ"), 0.2),
        (("TS", "KH", "ZD", "JZ", "VF"), 0.5),
    )
    for pair in pairs
}
_LIGHT = {**dict.fromkeys("aeiouH", 0.5), **dict.fromkeys("اویع", 0.55)}


def likeness_of_names(one: Mapping[str, str], other: Mapping[str, str]) -> float:
    """Compare two names that stand in several languages each, by the languages in which both are written.

    Where there is none, each is compared with each, across scripts.
    """
    shared = [language for language in one if language in other]
    if shared:
        return max(likeness_of(one[language], other[language]) for language in shared)
    return max((likeness_of(mine, theirs) for mine in one.values() for theirs in other.values()), default=0.0)


def likeness_of(one: str, other: str) -> float:
    """Compare two names: their words in whichever order, and run together, since عبدالرحمن is Abdul Rehman."""
    if one == other:
        return 1.0
    mine, theirs = read_words(one), read_words(other)
    if not mine or not theirs:
        return 0.0
    apart = _likeness_of_words(mine, theirs)
    # As many words on both sides stand for each other; run together, what tells them apart would weigh less.
    if len(mine) == len(theirs):
        return apart
    return max(apart, _likeness_of_words(_joined(mine), _joined(theirs)))


def _joined(words: Sequence[Word]) -> tuple[Word, ...]:
    scripts = {word.script for word in words}
    # What begins a word is a vowel inside the joined one.
    skeleton = words[0].skeleton + "".join(word.skeleton.lstrip("A") for word in words[1:])
    return (
        Word(scripts.pop() if len(scripts) == 1 else Script.OTHER, "".join(w.sound for w in words), skeleton),
    )


def _likeness_of_words(mine: Sequence[Word], theirs: Sequence[Word]) -> float:
    """Pair off the words so that the sum is greatest; each word that is left over costs something."""
    # In one order whatever was asked first: sums of fractions hang on it.
    few, many = sorted(_without_shared(mine, theirs), key=lambda words: (len(words), _sounds(words)))
    grid = [[_likeness_of_two(left, right) for right in many] for left in few]
    costs = [_LEFT_OUT_OPTIONAL if is_optional(word) else _LEFT_OUT for word in many]
    return max(0.0, min(1.0, _best(grid, costs) / len(few)))


def _without_shared(mine: Sequence[Word], theirs: Sequence[Word]) -> tuple[Sequence[Word], Sequence[Word]]:
    """Leave out Muhammad and the like where both have it: it tells nobody apart, and would outweigh what does."""
    # On both sides it must be one that is left out, or the answer would hang on who was asked first.
    shared = {word.skeleton for word in mine if is_optional(word)} & {
        word.skeleton for word in theirs if is_optional(word)
    }
    left = [word for word in mine if word.skeleton not in shared]
    right = [word for word in theirs if word.skeleton not in shared]
    return (left, right) if left and right else (mine, theirs)


def _sounds(words: Sequence[Word]) -> tuple[tuple[str, str], ...]:
    return tuple((word.sound, word.skeleton) for word in words)


def _best(grid: Sequence[Sequence[float]], costs: Sequence[float]) -> float:
    """Find the best assignment: every row gets a column, every column without a row its cost. At most 6 by 6."""
    # By bit mask of the columns that are taken. Added in one order whatever was asked first.
    reached = {0: 0.0}
    for row in grid:
        following: dict[int, float] = {}
        for taken, total in reached.items():
            for at, value in enumerate(row):
                if not taken & 1 << at:
                    mask = taken | 1 << at
                    following[mask] = max(following.get(mask, -1.0), total + value)
        reached = following
    return max(
        total - sum(cost for at, cost in enumerate(costs) if not taken & 1 << at)
        for taken, total in reached.items()
    )


def _likeness_of_two(one: Word, other: Word) -> float:
    if one.script is not other.script:
        return _stretched(_closeness(one.skeleton, other.skeleton)) * ACROSS_SCRIPTS_MAX
    if one.sound == other.sound:
        return 1.0
    if one.is_initial or other.is_initial:
        return _INITIAL if one.skeleton[:1] == other.skeleton[:1] else 0.0
    return _stretched(_closeness(one.sound, other.sound))


def _stretched(closeness: float) -> float:
    """Make what is half alike count for nothing: two names of one length share half their letters by chance."""
    return max(0.0, 2 * closeness - 1)


def _closeness(one: str, other: str) -> float:
    return _weighed(*sorted((one, other)))


@lru_cache(maxsize=65_536)
def _weighed(one: str, other: str) -> float:
    """Compare by weighted edit distance (Wagner and Fischer, J. ACM 21:168, 1974), over the heavier word."""
    row = [0.0]
    for letter in other:
        row.append(row[-1] + _LIGHT.get(letter, 1.0))
    full = max(row[-1], sum(_LIGHT.get(letter, 1.0) for letter in one))
    for mine in one:
        drop, before = _LIGHT.get(mine, 1.0), row
        row = [before[0] + drop]
        for at, theirs in enumerate(other):
            row.append(
                min(
                    before[at] + _replaced(mine, theirs),
                    before[at + 1] + drop,
                    row[at] + _LIGHT.get(theirs, 1.0),
                )
            )
    return 1.0 - min(1.0, row[-1] / full) if full else 1.0


def _replaced(mine: str, theirs: str) -> float:
    if mine == theirs:
        return 0.0
    return _NEAR.get(frozenset((mine, theirs)), max(_LIGHT.get(mine, 1.0), _LIGHT.get(theirs, 1.0)))
