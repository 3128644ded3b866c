"""The JSON interface under ``/api/v1``: one module a subject, bodies in ``bodies``, its description drawn from both."""
