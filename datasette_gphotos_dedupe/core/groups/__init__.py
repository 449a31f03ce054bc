"""From pairs to groups: which copy stays, and what is suggested of the others."""
