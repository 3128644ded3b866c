"""Path templates: which operation of a service a call is, found on its canonical path (PR-MREST, 4; OpenAPI 3).

A right is given for a method and a template: literal segments, ``{name}`` or ``*`` for one segment, ``**`` at the
end for any rest, also none. X-Road's globs let ``*`` stand within a segment and ``**`` in the middle, and compare
raw paths; here segments are compared exactly, in one form. A slash at the end of a path does not count.

Example:
    >>> templates = TemplateSet([read_template("GET", "/persons/{id}"), read_template("GET", "/persons/mine")])
    >>> templates.find("GET", "/persons/35202-1").name
    'GET /persons/{id}'
    >>> templates.find("GET", "/persons/mine").name, templates.find("PUT", "/persons/mine")
    ('GET /persons/mine', None)
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.xroad.segments import canonical_path, canonical_segment

# The methods that X-Road's code takes, without TRACE: it would show a caller what the gateways add.
METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
# A service with more operations than this is several; all pairs of them are compared in about half a second.
TEMPLATES_MAX: Final = 512
# As long as a path of a description is in practice; the whole target ends at 7 KiB.
TEMPLATE_CHARS_MAX: Final = 1024

_ANY: Final = "*"
_REST: Final = "**"
_NAMED: Final = re.compile(r"\{[A-Za-z_][A-Za-z0-9_\-]{0,63}\}")
# How open a segment is: literal, one of any kind, any rest.
_RANKS: Final = {_ANY: 1, _REST: 2}


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """One operation: ``method`` (or ``*``) and ``path`` as it was written, literals in canonical form."""

    method: str
    path: str
    segments: tuple[str, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """The operation's name, for evidence, rights and metrics; nothing of what a caller sent is in it."""
        return f"{self.method} {self.path}"

    @property
    def glob(self) -> str:
        """The path as listMethods shows it: ``*`` for a segment (PR-MREST, B.1)."""
        return "/" + "/".join(self.segments)

    def is_match(self, method: str, canonical: str) -> bool:
        """Tell whether a call of ``method`` with this canonical path is this operation."""
        return self.method in (method, _ANY) and _is_shape(self.segments, _split(canonical))


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two templates that one call can match: ``chosen`` wins.

    ``is_nested`` is the usual exception to a wider template. Otherwise each also matches what the other does not,
    and who reads the list of rights may expect the other one to win: give the crossing path a template of its own.
    """

    chosen: PathTemplate
    other: PathTemplate
    is_nested: bool


class _Node:
    """A place in the tree of templates, one for each beginning that templates share."""

    __slots__ = ("any", "here", "literals", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.here: dict[str, PathTemplate] = {}
        self.rest: dict[str, PathTemplate] = {}


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """The operations of one service, searched by method and path. An empty set matches nothing.

    Raises:
        TooLarge: more than ``TEMPLATES_MAX`` templates.
        MalformedInput: two templates that match exactly the same calls.
    """

    templates: tuple[PathTemplate, ...]
    _root: _Node = field(init=False, repr=False, compare=False)

    def __init__(self, templates: Iterable[PathTemplate]) -> None:
        """Build the tree, once for each description of a service."""
        object.__setattr__(self, "templates", tuple(templates))
        object.__setattr__(self, "_root", _Node())
        if len(self.templates) > TEMPLATES_MAX:
            raise TooLarge(
                f"{len(self.templates)} templates in one service; at most {TEMPLATES_MAX} are read"
            )
        for one in self.templates:
            _plant(self._root, one)

    def find(self, method: str, canonical: str) -> PathTemplate | None:
        """Find the most specific operation that a call is. 1 to 2 microseconds for four segments.

        Compared from the left: a literal goes before ``{name}``, that before ``**``; of the same path, the named
        method goes before ``*``. A template whose method does not fit is no match, and the next one is asked.
        Each place of the tree is visited once at most, so no path takes longer than there are templates.
        """
        segments = _split(canonical)
        node = self._root
        # Most calls end where the first way down ends; only the others need the whole search.
        for segment in segments:
            following = node.literals.get(segment) or node.any
            if following is None:
                return _walk(self._root, segments, 0, method)
            node = following
        return node.here.get(method) or node.here.get(_ANY) or _walk(self._root, segments, 0, method)

    def overlaps(self) -> list[Overlap]:
        """Report every two templates that one call can match, in the order of the templates."""
        return [
            _overlap(first, second)
            for first, second in combinations(self.templates, 2)
            if _is_method_shared(first, second) and _is_crossing(first.segments, second.segments)
        ]


def read_template(method: str, path: str) -> PathTemplate:
    """Read a template of a description or a right.

    Raises:
        MalformedInput: an unknown method, a path without "/" at its beginning, a literal that no canonical path
            has, ``**`` before the end, a name that stands twice, a pattern within a segment.
    """
    if method not in METHODS and method != _ANY:
        raise MalformedInput("a template names a method in capitals, or * for all")
    if len(path) > TEMPLATE_CHARS_MAX:
        raise TooLarge(f"a template of {len(path)} characters; at most {TEMPLATE_CHARS_MAX} are read")
    if not path.startswith("/"):
        raise MalformedInput("a template's path begins with a slash")
    written = [_read_segment(one) for one in _split(path)]
    names = [one for one in written if one.startswith("{")]
    if len(set(names)) != len(names):
        raise MalformedInput("a template names two segments alike")
    if _REST in written[:-1]:
        raise MalformedInput("** stands for any rest, so it stands last")
    shape = tuple([_ANY if one.startswith("{") else one for one in written])
    canonical_path("/" + "/".join("x" if one in _RANKS else one for one in shape))
    return PathTemplate(method, "/" + "/".join(written), shape)


def _read_segment(text: str) -> str:
    if text in _RANKS or _NAMED.fullmatch(text):
        return text
    if not text or "*" in text or "{" in text or "}" in text:
        raise MalformedInput("a segment of a template is a literal, {name}, * or ** as a whole")
    return canonical_segment(text)


def _split(path: str) -> list[str]:
    return path[1:].removesuffix("/").split("/") if len(path) > 1 else []


def _plant(node: _Node, template: PathTemplate) -> None:
    open_ended = bool(template.segments) and template.segments[-1] == _REST
    for segment in template.segments[:-1] if open_ended else template.segments:
        if segment == _ANY:
            node.any = node.any or _Node()
            node = node.any
        else:
            node = node.literals.setdefault(segment, _Node())
    place = node.rest if open_ended else node.here
    if template.method in place:
        raise MalformedInput(
            f"{template.name} and {place[template.method].name} match the same calls; keep one"
        )
    place[template.method] = template


def _walk(node: _Node, segments: Sequence[str], depth: int, method: str) -> PathTemplate | None:
    found: PathTemplate | None = None
    if depth == len(segments):
        here = node.here
        found = here.get(method) or here.get(_ANY)
    else:
        literal = node.literals.get(segments[depth])
        if literal is not None:
            found = _walk(literal, segments, depth + 1, method)
        if found is None and node.any is not None:
            found = _walk(node.any, segments, depth + 1, method)
    if found is None and node.rest:
        found = node.rest.get(method) or node.rest.get(_ANY)
    return found


def _is_shape(shape: Sequence[str], segments: Sequence[str]) -> bool:
    if shape and shape[-1] == _REST:
        shape, segments = shape[:-1], segments[: len(shape) - 1]
    return len(shape) == len(segments) and all(
        one in (_ANY, other) for one, other in zip(shape, segments, strict=True)
    )


def _is_method_shared(first: PathTemplate, second: PathTemplate) -> bool:
    return first.method == second.method or _ANY in (first.method, second.method)


def _is_crossing(first: Sequence[str], second: Sequence[str]) -> bool:
    for one, other in zip(first, second, strict=False):
        if _REST in (one, other):
            return True
        if one != other and _ANY not in (one, other):
            return False
    longer = first if len(first) > len(second) else second
    return len(first) == len(second) or longer[min(len(first), len(second))] == _REST


def _overlap(first: PathTemplate, second: PathTemplate) -> Overlap:
    chosen, other = sorted((first, second), key=_openness)
    is_nested = other.method in (chosen.method, _ANY) and _is_wider(other.segments, chosen.segments)
    return Overlap(chosen, other, is_nested)


def _is_wider(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    compared = narrow[: len(wide) - 1] if wide and wide[-1] == _REST else narrow
    return _REST not in compared and _is_shape(wide, narrow)


def _openness(template: PathTemplate) -> tuple[tuple[int, ...], bool]:
    return tuple([_RANKS.get(one, 0) for one in template.segments]), template.method == _ANY
