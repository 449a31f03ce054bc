"""Whether two photos show one picture, and how they relate."""
