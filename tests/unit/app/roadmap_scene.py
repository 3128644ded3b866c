"""A roadmap on the carried data, run once for all tests of it."""

from functools import cache
from pathlib import Path

from rahdari.app.analyst import Analyst
from rahdari.app.roadmap import Findings, ask_all, open_plan
from rahdari.app.trade_data import open_flows
from rahdari.app.trade_places import CARRIED


@cache
def carried_analyst() -> Analyst:
    return Analyst(open_flows(Path("/nowhere"), CARRIED))


@cache
def carried_findings() -> Findings:
    return ask_all(open_plan(), carried_analyst())
