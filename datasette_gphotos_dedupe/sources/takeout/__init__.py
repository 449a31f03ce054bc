"""What a Takeout export means: its folders, names, sidecars and gaps, made into library items."""
