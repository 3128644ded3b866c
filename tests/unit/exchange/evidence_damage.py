"""Every single damage to an evidence file: each text altered in three places, each member taken away."""

import json
from collections.abc import Iterator
from typing import Any

from tests.unit.exchange.evidence_scene import written

Path = tuple[str | int, ...]
Damage = tuple[str, bytes]


def damages() -> Iterator[Damage]:
    """Every text of the file, altered at its beginning, middle and end, and every member taken away."""
    plain = json.loads(written())
    for path, text in texts_of(plain):
        for place in sorted({0, len(text) // 2, len(text) - 1}):
            altered = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
            yield f"{path} at {place}", json.dumps(changed(plain, path, altered)).encode()
    for path in members_of(plain):
        yield f"{path} gone", json.dumps(changed(plain, path, None)).encode()


def texts_of(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, child in value.items():
            yield from texts_of(child, (*path, name))
    elif isinstance(value, list):
        for at, child in enumerate(value):
            yield from texts_of(child, (*path, at))


def members_of(value: object, path: Path = ()) -> Iterator[Path]:
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    for name, child in children:
        yield (*path, name)
        yield from members_of(child, (*path, name))


def changed(value: object, path: Path, new: object) -> object:
    copy: Any = json.loads(json.dumps(value))
    place = copy
    for name in path[:-1]:
        place = place[name]
    if new is None:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    return copy
