"""A sample library: real photographs and drawn scenes with every kind of duplicate, laid out as a Takeout export.

photographs (what other packages ship)  scenes, pages (drawn in code)  copies (one picture, changed)  raw (a small DNG)
library (what is in it and what should be found)  takeout (zip parts and sidecars)  check (what was found)
"""
