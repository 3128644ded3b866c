"""The documents of the National Data Exchange Layer: configuration, consents, evidence. Bytes to frozen values."""
