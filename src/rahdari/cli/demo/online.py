"""Step 5: suspended, refused at once online and after a sync offline, reinstated."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from rahdari.access import Enrolment, Principal, Role
from rahdari.app.gate import Gate
from rahdari.app.house import House, open_gate
from rahdari.app.status_sources import FolderSource, HttpSource
from rahdari.cli.demo.plan import Plan
from rahdari.cli.demo.sample import Sample, read_picture, verifier_folder
from rahdari.cli.demo.server import HOST, Server, find_free_port, running
from rahdari.cli.demo.story import Story
from rahdari.cli.errors import ServerFailed
from rahdari.cli.ports import is_free
from rahdari.cli.session import FIRST_OFFICER
from rahdari.cli.terminal import count_of
from rahdari.credentials import Act, KeyUse, Reason, VerdictKind
from rahdari.kernel import ActorKind, Problem
from rahdari.wire import jws

INSTITUTION = "Sample Bank"
QUESTIONS = ("genuine", "in_good_standing", "age_over:18")


@dataclass(frozen=True, slots=True)
class Asker:
    """An institution with its token, the server that it asks, and the pass that it was shown."""

    principal: Principal
    token: str
    server: Server
    text: str

    def ask(self, house: House) -> Mapping[str, object]:
        """Ask about the pass and check that the answer is signed, for us, for this question and this pass.

        Raises:
            ServerFailed: it is not.
        """
        nonce = house.foundation.chance.bytes(16).hex()
        asked = {"pass": self.text, "questions": list(QUESTIONS), "nonce": nonce}
        answer = self.server.ask("/api/v1/verifications", asked, token=self.token)
        claims = _signed_claims(house, str(answer.get("token", "")))
        expected = {
            "nonce": nonce,
            "aud": self.principal.id,
            "pass_sha256": hashlib.sha256(self.text.encode()).hexdigest(),
            "verdict": answer.get("verdict"),
        }
        wrong = [name for name, value in expected.items() if claims.get(name) != value]
        if wrong:
            raise ServerFailed(f"the signed answer speaks of something else: {', '.join(wrong)}")
        return claims


def _signed_claims(house: House, token: str) -> Mapping[str, object]:
    """Verify an answer's signature by the answer keys of the trust list. Raises ``ServerFailed``."""
    keys = house.gate.trust().find_signing_keys(
        house.settings.issuer, KeyUse.ANSWER, house.foundation.clock.now()
    )
    try:
        read = jws.decode(token)
    except Problem as problem:
        raise ServerFailed(f"the answer is no signed token: {problem.message}") from None
    for key in keys:
        try:
            read.verify(key)
        except Problem:
            continue
        return read.payload_object()
    raise ServerFailed("the answer is not signed by an answer key of the trust list")


@contextmanager
def serving(story: Story, house: House, plan: Plan, environment: Mapping[str, str]) -> Iterator[Server]:
    """Run the real server: at the plan's port, or at another one where that is taken."""
    port = plan.port
    if not is_free(HOST, port):
        port = find_free_port()
        story.say(f"Port {plan.port} is taken by another program, so the server of this step runs at {port}.")
    # A folder that nobody fetched to: the roadmap works on what the package carries, whatever the user has.
    carried = {"RAHDARI_TRADE_FOLDER": str(house.settings.home / "trade")}
    with running(house.settings.home, port, {**environment, **carried}) as server:
        story.note(server=server.url)
        yield server


def suspend_and_see(story: Story, house: House, sample: Sample, server: Server) -> None:
    """Step 5: suspend the card, be refused online and, after a sync, offline; reinstate it."""
    registry, number = house.registry, sample.card.number
    officer = house.officers.authenticate_named(FIRST_OFFICER)
    asker, gate = _asker(house, sample, server), open_gate(house.settings, folder=verifier_folder(house))
    fetch = partial(_sync, story, house, gate, server)
    story.say(f"The server runs at {server.url}; {INSTITUTION} asks it, with its own token, over HTTP.")
    _ask(story, house, asker, "valid")
    registry.act(number, Act.SUSPEND, actor=officer, reason=Reason.LOST)
    began = time.perf_counter()
    story.say(f"An officer suspends card {number}: reported lost.")
    _ask(story, house, asker, "suspended")
    story.note(refused_after_ms=round((time.perf_counter() - began) * 1000))
    most = house.settings.status_age_max_seconds
    bounded = f"it knows only what it last heard; after {most} seconds without a word it would say stale"
    _examine(story, gate, asker, VerdictKind.VALID, bounded)
    fetch()
    _examine(story, gate, asker, VerdictKind.SUSPENDED, "the status list says so")
    registry.act(number, Act.REINSTATE, actor=officer, reason=Reason.FOUND)
    story.say("The card is found again, and an officer reinstates it.")
    _ask(story, house, asker, "valid")
    fetch()
    _examine(story, gate, asker, VerdictKind.VALID, "and so it is good again everywhere")


def _asker(house: House, sample: Sample, server: Server) -> Asker:
    """Enrol the institution at the first run, and give it a token for today."""
    enrolment = Enrolment(ActorKind.INSTITUTION, INSTITUTION, frozenset({Role.VERIFIER.value}))
    principal = house.officers.find_named(INSTITUTION) or house.officers.enrol(enrolment)
    fresh = house.officers.issue_token(principal.id, lifetime=timedelta(days=1))
    return Asker(principal, fresh.text, server, read_picture(sample))


def _ask(story: Story, house: House, asker: Asker, expected: str) -> None:
    began = time.perf_counter()
    claims = asker.ask(house)
    took = (time.perf_counter() - began) * 1000
    answers = claims.get("answers")
    told = ", ".join(
        f"{name} {_WORDS.get(value, 'unknown')}"
        for name, value in (answers if isinstance(answers, dict) else {}).items()
    )
    story.say(f"  online   {claims['verdict']}  ({told}; signed, bound to our nonce, {took:.0f} ms)")
    story.require(
        is_true=claims["verdict"] == expected, what=f"online the pass is {claims['verdict']}, not {expected}"
    )


_WORDS = {True: "yes", False: "no"}


def _examine(story: Story, gate: Gate, asker: Asker, expected: VerdictKind, why: str) -> None:
    report = gate.examine(asker.text)
    story.say(f"  offline  {report.verdict}  ({why})")
    story.require(
        is_true=report.verdict is expected, what=f"offline the pass is {report.verdict}, not {expected}"
    )


def _sync(story: Story, house: House, gate: Gate, server: Server) -> None:
    """Publish, then sync over HTTP from the addresses in the trust list; from the folder where those are taken."""
    house.authority.publish()
    if server.url == house.settings.public_url:
        way = "over HTTP"
        with closing(HttpSource()) as servers:
            result = gate.sync(servers)
    else:
        way = "from the published folder"
        result = gate.sync(FolderSource(house.authority.public_folder))
    story.say(f"  sync     {count_of(len(result.taken), 'status list')}, signed anew, fetched {way}")
    story.note(status_lists_fetched=way)
    story.require(
        is_true=bool(result.taken) and not result.failed, what="the status lists could not be synced"
    )
