"""The pages, a module each, and what they read."""
