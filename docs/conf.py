"""How Sphinx makes a site of these pages: scripts/docs builds it, scripts/check looks through its links."""

from importlib.metadata import version as version_of

project = "datasette-gphotos-dedupe"
author = "The maintainers of datasette-gphotos-dedupe"
release = version_of(project)
extensions = ["myst_parser"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = project
html_show_copyright = False
exclude_patterns = ["images"]
