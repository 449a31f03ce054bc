"""The only SQL that writes, one module per subject."""
