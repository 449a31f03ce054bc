"""From the bytes of a file to pixels, fingerprints and what headers say."""
