"""One step a file, in order; written once and never changed after a release."""
