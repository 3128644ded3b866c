"""Step 7: institutions ask the identity authority; the person sees who did, and a court verifies it."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.admissions import MINUTES_MAX, Admissions
from rahdari.app.exchange.citizen_desk import opened_citizens_log
from rahdari.app.exchange.consent_desk import opened_book
from rahdari.app.exchange.evidence_desk import export_from, read_anchors, verify_file
from rahdari.app.files import SECRET_MODE, write_whole
from rahdari.app.house import House
from rahdari.cli.demo.institutions import (
    BANK,
    NAMES,
    REGISTER,
    TELECOM,
    Instance,
    Institution,
    make_instance,
    serving_gateways,
)
from rahdari.cli.demo.sample import Sample
from rahdari.cli.demo.server import ASKING_SECONDS_MAX, Server
from rahdari.cli.demo.story import Story
from rahdari.cli.errors import ServerFailed
from rahdari.cli.session import FIRST_OFFICER
from rahdari.credentials import Act, Person, Reason
from rahdari.exchange import (
    Anchors,
    EvidenceRefused,
    Proven,
    StepName,
    StepState,
    UnknownExchange,
    Wish,
)
from rahdari.kernel import CounterpartFailed
from rahdari.wire.xroad import ServiceId

_PUBLISHED_SECONDS_MAX: Final = 20.0
_STATUS, _MATCH = "person-status", "attribute-match"
# One detail, and no others with it.
_MATCH_NAME: Final = f"{_MATCH}/name"
# What a court asks first; that keys, hashes and logs fit, the other steps say.
_TOLD: Final = frozenset(
    {
        StepName.REQUEST,
        StepName.RESPONSE,
        StepName.CONSENT,
        StepName.RECEIPT,
        StepName.WITNESSES,
        StepName.TIME,
    }
)


@contextmanager
def serving_exchange(
    story: Story, house: House, server: Server, environment: Mapping[str, str]
) -> Iterator[Instance]:
    """Make an instance and run it until the block ends. Raises ``ServerFailed``."""
    began = time.perf_counter()
    instance = make_instance(house, server, environment)
    with serving_gateways(instance, environment):
        story.say(
            f"A registry with two officers and three gateways were made and started in "
            f"{time.perf_counter() - began:.1f} s: {', '.join(names['en'] for names in NAMES.values())}."
        )
        yield instance


def ask_each_other(
    story: Story, house: House, sample: Sample, instance: Instance, environment: Mapping[str, str]
) -> None:
    """Show a bank and a telecom asking, a refusal, the citizen's log, and the evidence of one exchange."""
    number = _number_of(sample)
    _suspended_at_once(story, house, sample, instance.bank, number)
    consented = _with_consent(story, instance, number, sample, environment)
    _citizens_log(story, instance, number, environment)
    _court(story, house, instance, consented, environment)


def what_to_try(sample: Sample, instance: Instance, *, program: str) -> tuple[str, ...]:
    """Say where the institutions' pages are, and let the person in to her own."""
    number, door = _number_of(sample), instance.door
    admissions = Admissions(door.admissions_folder, clock=SystemClock(), chance=SystemChance())
    code = admissions.admit(number, by="Sample counter", minutes=MINUTES_MAX).code
    again = f"{program} exchange citizen admit --identifier-from-stdin --by COUNTER --home {door.folder}"
    return (
        f"  {instance.bank.url}/catalogue   what the bank may ask, with a form to try it ({number})",
        f"  {instance.bank.url}/status      the bank's gateway; /metrics beside it is for programs",
        f"  {door.url}/   the person's own page of who asked about her, by the code {code}",
        f"    (good once, for an hour; another one: echo {number} | {again})",
    )


def _suspended_at_once(story: Story, house: House, sample: Sample, bank: Institution, number: str) -> None:
    officer = house.officers.authenticate_named(FIRST_OFFICER)
    _expect_status(story, bank, number, "valid")
    house.registry.act(sample.card.number, Act.SUSPEND, actor=officer, reason=Reason.LOST)
    story.say("  the person reports the card lost, and the authority suspends it")
    _expect_status(story, bank, number, "suspended")
    house.registry.act(sample.card.number, Act.REINSTATE, actor=officer, reason=Reason.FOUND)
    story.say("  the card is found, and the authority reinstates it")
    _expect_status(story, bank, number, "valid")


def _expect_status(story: Story, bank: Institution, number: str, expected: str) -> None:
    began = time.perf_counter()
    answer = _ask(bank, _STATUS, {"number": number}, "account-opening")
    took = (time.perf_counter() - began) * 1000
    told = answer.json().get("status") if answer.status_code == httpx.codes.OK else answer.text
    story.say(f"  the bank asks whether the card is in good standing: {told}  ({took:.0f} ms, strict)")
    story.require(is_true=told == expected, what=f"the bank is told {told}, not {expected}")


def _with_consent(
    story: Story, instance: Instance, number: str, sample: Sample, environment: Mapping[str, str]
) -> str:
    """Be refused without a consent, then answered with one; give the id of the exchange."""
    asked = {"number": number, "value": _name_of(sample)}
    refused = _ask(instance.telecom, _MATCH_NAME, asked, "sim-registration")
    error = refused.headers.get("x-road-error", "")
    story.say(
        "  the telecom asks whether a name is right, without the person's consent: refused",
        f"    (in X-Road's words {error}, status {refused.status_code})",
    )
    story.require(is_true=error.endswith("access_denied"), what="a question without consent was answered")
    wish = Wish(
        subject=number,
        consumer=TELECOM,
        services=(ServiceId("PK", "GOV", "1001", "register", _MATCH),),
        purposes=frozenset({"sim-registration"}),
        data_classes=frozenset({"name"}),
        days=1,
    )
    home = instance.register.home.folder
    with opened_book(home, environment, clock=SystemClock(), chance=SystemChance()) as book:
        consent = book.give(wish)
    story.say("  the person consents, for this telecom, this question and one day")
    answer = _ask(instance.telecom, _MATCH_NAME, asked, "sim-registration", consent=consent.text)
    matches = answer.json().get("matches") if answer.status_code == httpx.codes.OK else answer.text
    told = "the name is right" if matches == {"name": True} else matches
    story.say(f"  the telecom asks again, with the consent: {told}")
    story.require(is_true=matches == {"name": True}, what=f"the telecom is told {matches}")
    return answer.headers["x-road-request-id"]


def _citizens_log(story: Story, instance: Instance, number: str, environment: Mapping[str, str]) -> None:
    now, until = SystemClock().now(), time.monotonic() + _PUBLISHED_SECONDS_MAX
    while True:
        with opened_citizens_log(
            instance.register.home.folder, environment, clock=SystemClock(), chance=SystemChance()
        ) as desk:
            day = timedelta(days=1)
            told = desk.log.answer(number, since=now - day, until=now + day, language="en")
        askers = [one.client for one in told]
        # The telecom asked twice: it was refused, and then answered.
        if (str(BANK) in askers and askers.count(str(TELECOM)) >= 2) or time.monotonic() > until:
            break
        time.sleep(0.2)
    story.say("The person's own view, made from the authority's evidence log; the latest first:")
    for one in told[:6]:
        at = datetime.fromtimestamp(one.at / 1000, UTC)
        why = f"{one.service_name}  for: {one.purpose_title}"
        story.say(f"  {at:%H:%M:%S} UTC  {one.client_name}: {why}  ({one.outcome})")
    story.require(
        is_true={str(BANK), str(TELECOM)} <= set(askers), what="a question is missing from the person's view"
    )
    story.note(citizens_log=len(told))


def _court(
    story: Story, house: House, instance: Instance, request_id: str, environment: Mapping[str, str]
) -> None:
    """Export the evidence of the telecom's question, verify it as a court would, and see a forgery refused."""
    path = house.settings.home / "exchange" / "evidence.json"
    anchors = read_anchors(
        registry_keys=(instance.registry_key,),
        stampers=(instance.stamps.certificate,),
        witnesses=(instance.witness.text,),
    )
    proven = _vouched(path, instance, request_id, anchors, environment)
    story.say(
        f"A court verifies {path} offline, with the keys of registry, time-stamping authority and witness.",
        f"Proved of exchange {proven.request_id}:",
    )
    for step in proven.steps:
        if step.name in _TOLD and step.state is StepState.PROVED:
            story.say(f"  {step.says}")
    story.say(f"Not proved, and said to be so: {'; '.join(proven.not_proved) or 'nothing'}.")
    story.require(is_true=proven.stamped_at is not None, what="the evidence has no time stamp")
    forged = path.with_name("evidence-forged.json")
    write_whole(forged, _forge(path), mode=SECRET_MODE)
    try:
        verify_file(forged, anchors)
    except EvidenceRefused as refusal:
        story.say(f"The same file with one status changed is refused: {refusal.message}")
    else:
        story.require(is_true=False, what="a forged evidence file was accepted")
    forged.unlink()
    story.note(request_id=request_id, evidence=str(path))


def _vouched(
    path: Path, instance: Instance, request_id: str, anchors: Anchors, environment: Mapping[str, str]
) -> Proven:
    """Wait until a checkpoint that covers the record is stamped and cosigned; it is two seconds away."""
    until, home = time.monotonic() + _PUBLISHED_SECONDS_MAX, instance.register.home.folder
    while True:
        try:
            raw = export_from(home, environment, request_id, other=None, chance=SystemChance())
            write_whole(path, raw, mode=SECRET_MODE)
            proven = verify_file(path, anchors)
            if proven.stamped_at is not None or time.monotonic() > until:
                return proven
        except (UnknownExchange, CounterpartFailed, EvidenceRefused):
            if time.monotonic() > until:
                raise
        time.sleep(0.2)


def _forge(path: Path) -> bytes:
    """Change the status, as somebody would who wants another answer to have been given."""
    return path.read_bytes().replace(b'\\"status\\":200', b'\\"status\\":404')


def _ask(
    institution: Institution, path: str, body: Mapping[str, str], purpose: str, *, consent: str = ""
) -> httpx.Response:
    headers = {
        "x-road-client": str(institution.client),
        "ndel-purpose": purpose,
        "content-type": "application/json",
    }
    if consent:
        headers["ndel-consent"] = consent
    try:
        return httpx.post(
            f"{institution.url}/r1/{REGISTER}/{path}",
            content=json.dumps(body),
            headers=headers,
            timeout=ASKING_SECONDS_MAX,
        )
    except httpx.HTTPError as error:
        raise ServerFailed(f"a gateway did not answer: {type(error).__name__} {error}") from None


def _number_of(sample: Sample) -> str:
    party = sample.holder.party
    return party.number if isinstance(party, Person) else ""


def _name_of(sample: Sample) -> str:
    return next(iter(sample.holder.party.name.values()))
