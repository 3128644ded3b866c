"""``rahdari card passkey``: the link by which a holder at the counter registers a passkey."""

from rahdari.cli.authority import Given
from rahdari.cli.drawing import fit_width
from rahdari.cli.instants import instant
from rahdari.cli.passes import card_number
from rahdari.wire import qr


def passkey(card: str, /, *, session: Given) -> None:
    """Open a link by which the holder registers a passkey for the card.

    Only for a holder who stands before you with the card. The link opens once, within ten minutes; the holder's
    own telephone reads it from the screen.

    Args:
        card: Number of the card.
        session: This run.
    """
    link = session.house().holder_desk.open_ticket(card_number(card), actor=session.actor())
    drawn = fit_width(qr.write_terminal(link.url), session.terminal.width)
    session.terminal.answer(
        {"card": link.card, "url": link.url, "expires_at": instant(link.expires_at)},
        drawn or "",
        link.url,
        "The holder scans this with the own telephone. It opens once, within ten minutes.",
    )
