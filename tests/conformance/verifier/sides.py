"""The two verifiers behind one shape: a context is defined once, then passes are examined in it.

A context is plain JSON (SOURCE.md describes it); so is an answer:
``{verdict, code, step, as_of, asked, verified}``.
"""

import base64
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which
from types import TracebackType
from typing import Any, Self

from rahdari.credentials import FEATURES, Report, Trust, VerificationPolicy, Verifier, examine
from rahdari.credentials.rules.held_stream import HeldStream
from rahdari.credentials.rules.status import HeldList, Snapshot, accept_list
from rahdari.credentials.rules.stream_shard import Publisher
from rahdari.credentials.rules.trust import accept
from rahdari.credentials.values.passes import Attributes, Outcome, Terms, Verified
from rahdari.kernel import Refused
from rahdari.wire.jws import read_public_jwk
from rahdari.wire.keys import Algorithm

Json = Any
TOOL = Path(__file__).parents[3] / "frontend" / "tools" / "run_cases.mjs"
NODE = which("node")
NO_NODE = "node is not installed: the JavaScript verifier is not run"


class PythonSide:
    """The verifier of ``rahdari.credentials``."""

    def __init__(self) -> None:
        self._contexts: dict[str, Verifier | str] = {}

    def define(self, name: str, context: Mapping[str, Json]) -> Json:
        try:
            self._contexts[name], outcomes = _verifier(context)
        except Refused as refusal:
            self._contexts[name] = refusal.code
            return {"refused": refusal.code}
        return {"outcomes": outcomes}

    def ask(self, name: str, raw: str, at: float) -> Json:
        by = self._contexts[name]
        if isinstance(by, str):
            return {"refused": by}
        return _plain(examine(raw, by=by, at=datetime.fromtimestamp(at, UTC)))


class JavaScriptSide:
    """The verifier of ``frontend/``, as built into the package, in a Node process of its own."""

    def __init__(self) -> None:
        assert NODE is not None, NO_NODE
        self._process = subprocess.Popen(  # noqa: S603 - our own tool
            [NODE, str(TOOL)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)

    def define(self, name: str, context: Mapping[str, Json]) -> Json:
        self._send({"context": name, "define": context})
        return self.answer()

    def ask(self, name: str, raw: str, at: float) -> Json:
        self.begin(name, raw, at)
        return self.answer()

    def begin(self, name: str, raw: str, at: float) -> None:
        """Ask without waiting; one question at a time, so that no pipe ever fills."""
        self._send({"context": name, "raw": raw, "at": at})

    def answer(self) -> Json:
        source = self._process.stdout
        assert source is not None
        answered = source.readline()
        assert answered, "the JavaScript verifier has ended"
        return json.loads(answered)

    def _send(self, line: Json) -> None:
        sink = self._process.stdin
        assert sink is not None
        sink.write(json.dumps(line) + "\n")
        sink.flush()


def _verifier(context: Mapping[str, Json]) -> tuple[Verifier, list[str]]:
    at, given = datetime.fromtimestamp(context["accepted_at"], UTC), context["policy"]
    policy = VerificationPolicy(
        algorithms=frozenset(map(Algorithm, given["algorithms"])),
        features=frozenset(given["features"]),
        status_age_max=timedelta(seconds=given["status_age_max"]),
        clock_skew=timedelta(seconds=given["clock_skew"]),
    )
    roots = [read_public_jwk(jwk) for jwk in context["roots"]]
    trust = accept(context["trust"], roots=roots, held_sequence=context.get("held_sequence", 0), at=at)
    told = _Told([])
    lists = _lists(context, trust, at, told)
    streams = _streams(context, trust, told)
    statuses = None if context.get("ask_status") is False else Snapshot(lists, streams)
    by = Verifier(features=tuple(FEATURES.values()), trust=trust, policy=policy, statuses=statuses)
    return by, told.outcomes


@dataclass(frozen=True, slots=True)
class _Told:
    outcomes: list[str]


def _lists(context: Mapping[str, Json], trust: Trust, at: datetime, told: _Told) -> list[HeldList]:
    held: dict[str, HeldList] = {}
    skew = timedelta(seconds=context["policy"]["clock_skew"])
    for one in context.get("lists", ()):
        uri, raw = one["uri"], base64.b64decode(one["token"])
        try:
            held[uri] = accept_list(raw, uri=uri, trust=trust, held=held.get(uri), at=at, clock_skew=skew)
        except Refused as refusal:
            told.outcomes.append(refusal.code)
        else:
            told.outcomes.append("taken")
    return list(held.values())


def _streams(context: Mapping[str, Json], trust: Trust, told: _Told) -> list[HeldStream]:
    if "bundle" not in context:
        return []
    prefix = context["prefix"]
    issuer = next(one.id for one in trust.issuers.values() if prefix in one.status_uris)
    try:
        publisher = Publisher(prefix, issuer, trust)
        held = HeldStream.bootstrap(base64.b64decode(context["bundle"]), publisher, held=None)
    except Refused as refusal:
        told.outcomes.append(refusal.code)
        return []
    told.outcomes.append("taken")
    for message in context.get("messages", ()):
        try:
            told.outcomes.append(str(held.apply(base64.b64decode(message))))
        except Refused as refusal:
            told.outcomes.append(refusal.code)
    return [held]


def _plain(report: Report) -> Json:
    failed = [check.number for check in report.checks if check.outcome is Outcome.FAILED]
    return {
        "verdict": str(report.verdict),
        "code": report.code,
        "step": failed[0] if failed else None,
        "as_of": _seconds(report.as_of),
        "asked": all(check.outcome is not Outcome.NOT_ASKED for check in report.checks),
        "verified": None if report.verified is None else _plain_pass(report.verified),
    }


def _plain_pass(verified: Verified) -> Json:
    return {
        "feature": verified.feature,
        "issuer": verified.issuer,
        "terms": _plain_terms(verified.terms),
        "attributes": _plain_attributes(verified.attributes),
    }


def _plain_terms(terms: Terms) -> Json:
    place = terms.place
    return {
        "issuer": terms.issuer,
        "product": None if terms.product is None else str(terms.product),
        "issued_at": _seconds(terms.issued_at),
        "not_before": _seconds(terms.not_before),
        "expires": _seconds(terms.expires),
        "place": None if place is None else {"uri": place.uri, "index": place.index},
    }


def _plain_attributes(attributes: Attributes) -> Json:
    plain: dict[str, Json] = {name: getattr(attributes, name) for name in Attributes.__slots__}
    for name in ("name", "guardian", "address"):
        plain[name] = dict(plain[name])
    born, photo = attributes.date_of_birth, attributes.photo
    plain["date_of_birth"] = None if born is None else born.isoformat()
    plain["gender"] = None if attributes.gender is None else str(attributes.gender)
    plain["marks"] = list(attributes.marks)
    plain["photo"] = None if photo is None else base64.b64encode(photo).decode("ascii")
    return plain


def _seconds(at: datetime | None) -> float | None:
    if at is None:
        return None
    exact = at.timestamp()
    return int(exact) if exact.is_integer() else exact
