"""What the exchange's own servers say of themselves: OpenAPI 3.1, written from one table for each of them.

``edge``, ``peer``, ``registry`` and ``timestamper`` hold the tables; a server imports its own alone, for the others
bring along what it does not need. The services behind a gateway have descriptions of their own (getOpenAPI).
"""
