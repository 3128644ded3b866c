"""The command: eight steps, one after another."""

import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rahdari.app.clock import SystemClock
from rahdari.app.house import House, found_house, is_initialised, open_house
from rahdari.app.settings import Settings, read_settings
from rahdari.cli.authority import Given
from rahdari.cli.demo import plan as plans
from rahdari.cli.demo.browser import show_in_browser
from rahdari.cli.demo.exchange import ask_each_other, serving_exchange, what_to_try
from rahdari.cli.demo.institutions import Instance
from rahdari.cli.demo.online import serving, suspend_and_see
from rahdari.cli.demo.plan import HOLDERS_MAX, Plan, Wish
from rahdari.cli.demo.population import find_sample, register_missing
from rahdari.cli.demo.roadmap import show_roadmap
from rahdari.cli.demo.sample import Sample, print_card, verify_from_picture
from rahdari.cli.demo.server import HOST, Server, UntilTold, ending_in_order
from rahdari.cli.demo.story import Story
from rahdari.cli.errors import NotAsTold, ServerFailed
from rahdari.cli.exit_codes import ExitCode
from rahdari.cli.ports import require_free
from rahdari.cli.session import FIRST_OFFICER, Session, program_word
from rahdari.cli.terminal import count_of
from rahdari.credentials import Act, Stage

FOLDER = Path("rahdari-demo")


def demo(
    *,
    once: bool = False,
    holders: int | None = None,
    seed: int | None = None,
    port: int | None = None,
    fresh: bool = False,
    session: Given,
) -> int:
    """Show everything at work, true from end to end, with synthetic people.

    The folder is ./rahdari-demo unless --home names another. A second run goes on with what is there.

    Args:
        once: End after step 7 instead of serving.
        holders: How many synthetic people; 1000 if not said.
        seed: Where their names, numbers and faces are drawn from; 1 if not said.
        port: Where the pages are served; 8440 if not said.
        fresh: Remove an earlier demonstration from the folder and begin anew.
        session: This run.
    """
    with ending_in_order():
        return _show(session, Wish(holders=holders, seed=seed, port=port), is_fresh=fresh, is_once=once)


def _show(session: Session, wish: Wish, *, is_fresh: bool, is_once: bool) -> int:
    home = session.home or FOLDER
    story = Story(session.terminal)
    plan, was_there = plans.begin(home, wish, today=SystemClock().now().date(), is_fresh=is_fresh)
    if not is_once:
        require_free(HOST, plan.port)
    house = session.keep(_authority(session, story, home, plan, was_there=was_there))
    _people(story, house, plan)
    sample = _sample(story, house)
    print_card(story, house, sample)
    verify_from_picture(story, house, sample)
    with ExitStack() as until_end:
        with story.step(5, "Suspended, refused, reinstated"):
            server = until_end.enter_context(serving(story, house, plan, session.environment))
            suspend_and_see(story, house, sample, server)
        with story.step(6, "The same, live in a browser"):
            show_in_browser(story, house, sample, server)
            show_roadmap(story, server)
        with story.step(7, "Institutions ask each other, with proof"):
            serving_it = serving_exchange(story, house, server, session.environment)
            instance = until_end.enter_context(serving_it)
            ask_each_other(story, house, sample, instance, session.environment)
        if not is_once:
            _stay(story, house, sample, server, instance)
    story.end(home)
    return ExitCode.DONE


def _authority(session: Session, story: Story, home: Path, plan: Plan, *, was_there: bool) -> House:
    with story.step(1, "An authority with its keys and its signed trust list"):
        settings = _settings(session, home, plan)
        if is_initialised(settings):
            house = open_house(settings)
            story.say(f"The authority in {home}/ of an earlier run is there; its keys are used again.")
            plans.keep(home, plan)
            return house
        home.mkdir(parents=True, exist_ok=True)
        plans.keep(home, plan)
        house, told = found_house(settings)
        story.say(
            f"Made in {home}/: an embedded SQLite register, four signing keys, and an offline root that signed "
            "the trust list. All private keys are encrypted at rest.",
            f"The root's fingerprint is {told.root_fingerprint}.",
        )
        if was_there:
            story.say("An earlier run had broken off before its authority was whole; it was made anew.")
        story.note(root_fingerprint=told.root_fingerprint)
        return house


def _settings(session: Session, home: Path, plan: Plan) -> Settings:
    """Read the folder's settings; the first time, set the address that every pass will carry."""
    settings = read_settings(home, session.environment)
    return replace(settings, public_url=f"http://{HOST}:{plan.port}", host=HOST, port=plan.port)


def _people(story: Story, house: House, plan: Plan) -> None:
    with story.step(2, f"{plan.holders:,} synthetic holders and their passes"):
        officer = house.officers.authenticate_named(FIRST_OFFICER)
        with story.terminal.progress("Drawing and registering", plan.holders) as advance:
            made = register_missing(house, plan, actor=officer, advance=advance)
        waiting = len(house.registry.list_applied(limit=HOLDERS_MAX))
        began = time.perf_counter()
        with story.terminal.progress("Signing and issuing", waiting) as advance:
            issued = house.registry.issue_waiting(actor=officer, progress=advance)
        took = time.perf_counter() - began
        story.say(
            f"Registered {count_of(made, 'synthetic person', 'synthetic people')}; "
            f"{plan.holders - made:,} were there before."
        )
        if issued:
            story.say(
                f"Issued {count_of(issued, 'pass', 'passes')} of the card products in {took:.1f} s "
                f"({issued / took:,.0f} a second), each with a QR code and a wallet file, each durable and in "
                "the log."
            )
        story.note(registered=made, issued=issued)


def _sample(story: Story, house: House) -> Sample:
    """Choose the card to go on with; one that a broken-off run left suspended is reinstated."""
    folder = house.settings.home / "sample"
    found = find_sample(house, Stage.ACTIVE)
    if found is None:
        left = find_sample(house, Stage.SUSPENDED)
        if left is None:
            raise NotAsTold(
                "no identity card of this demonstration is active any more; begin anew with --fresh"
            )
        officer = house.officers.authenticate_named(FIRST_OFFICER)
        found = left[0], house.registry.act(left[1].number, Act.REINSTATE, actor=officer)
        story.say("The sample card was suspended and is reinstated first.")
    return Sample(*found, folder)


def _stay(story: Story, house: House, sample: Sample, server: Server, instance: Instance) -> None:
    """Step 8: leave the server running until Ctrl-C, and say what to try."""
    home, number, program = house.settings.home, sample.card.number, program_word(sys.argv[0])
    story.terminal.heading(f"8/8  Serving at {server.url}/")
    story.say(
        "Try next:",
        f"  {server.url}/          upload {sample.picture}, or paste {number}.txt beside it",
        f"  {server.url}/verify    the same on a page that works with the network off",
        f"  {server.url}/roadmap   the export roadmap, on the trade data that the package carries",
        f"  {server.url}/api       the API and its documentation (OpenAPI 3.1)",
        *what_to_try(sample, instance, program=program),
        f"  {program} pass verify {sample.picture} --home {home}",
        f"  {program} pass suspend {number} --reason lost --home {home}",
        f"  {program} audit verify --home {home}",
        f"The token of the first officer stands in {home / 'officers' / 'officer.token'}",
        "Ctrl-C ends the servers; a second run goes on with this folder.",
    )
    with UntilTold():
        code = server.process.wait()
        raise ServerFailed(f"the server ended by itself with {code}; see {home / 'server.log'}")
    story.say("Stopped.")
