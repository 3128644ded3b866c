"""The gateway's two listeners: its own information systems at the edge, other gateways behind mutual TLS.

``python -m rahdari.web.exchange --home DIR`` serves a gateway. What is decided stands in ``rahdari.exchange``; here
bytes are carried: read with limits, streamed with running digests, sent on, and broken off rather than ended
cleanly where something does not match.
"""
