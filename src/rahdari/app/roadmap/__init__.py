"""The whole chain in one run: a plan in, its answers, their tables and a report out.

Example:
    >>> from rahdari.app.roadmap import open_plan
    >>> plan = open_plan()
    >>> plan.asks.title, plan.goal.multiple
    ("Pakistan's minerals to China", 5.0)
"""

from rahdari.app.roadmap.forecasting import claims_of, score_forecasts
from rahdari.app.roadmap.office import Made, RoadmapOffice
from rahdari.app.roadmap.pages import write_report
from rahdari.app.roadmap.plan import Plan, open_plan, read_plan
from rahdari.app.roadmap.report import Report, to_html, to_pdf
from rahdari.app.roadmap.run import QUESTIONS, Findings, Missing, ask_all

__all__ = [
    "QUESTIONS",
    "Findings",
    "Made",
    "Missing",
    "Plan",
    "Report",
    "RoadmapOffice",
    "ask_all",
    "claims_of",
    "open_plan",
    "read_plan",
    "score_forecasts",
    "to_html",
    "to_pdf",
    "write_report",
]
