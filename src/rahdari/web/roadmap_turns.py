"""Who may compute a view of the roadmap now: one queue for the page, its files and the API."""

from rahdari.web.turns import Turns

# A view keeps a core busy for up to a second; two at a time leave the checks of passes their share.
TURNS = Turns(2, 16, wait_seconds=2)
