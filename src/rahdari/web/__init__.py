"""The web edge: HTTP in, one call of the House, HTTP out. The framework is known in this folder alone.

``rahdari.web.server`` builds and serves the application; ``python -m rahdari.web --home DIR`` runs it.
"""
