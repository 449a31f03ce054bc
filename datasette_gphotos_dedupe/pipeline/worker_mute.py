"""Importing this closes standard output and error: the last thing the server that forks reading processes loads.

A process that starts while its import is being ended prints that it cannot, and would keep the terminal of somebody who waits.
"""

from __future__ import annotations

import os

_nowhere = os.open(os.devnull, os.O_WRONLY)
for _stream in (1, 2):
    os.dup2(_nowhere, _stream)
os.close(_nowhere)
