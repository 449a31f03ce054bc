"""Commands that bring photos in."""
