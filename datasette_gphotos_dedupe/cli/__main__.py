"""`python -m datasette_gphotos_dedupe.cli`: the command line where no script is on the path."""

from . import main

main()
