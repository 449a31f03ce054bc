"""Pairs, groups and the border between them, as matching leaves them."""
