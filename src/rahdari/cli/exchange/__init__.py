"""``rahdari exchange``: registries, gateways, what they log, and what it proves."""
