"""Which photos are worth comparing: hashes, and names where hashes say nothing."""
