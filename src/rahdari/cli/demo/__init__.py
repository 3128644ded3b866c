"""``rahdari demo``: everything at work, in six steps, with nothing pretended."""
