"""Photos, their files, albums and people as sources give them, and what imports remember."""
