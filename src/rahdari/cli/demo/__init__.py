"""``rahdari demo``: everything at work, in seven steps, with nothing pretended."""
