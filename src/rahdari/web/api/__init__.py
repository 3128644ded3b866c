"""The JSON interface under ``/api/v1``: one module a subject, drawn up into OpenAPI by ``document``."""
