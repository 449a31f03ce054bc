"""`python -m` this, FOLDER and Datasette's arguments: Datasette in a process that ends with the one that started it, however that ends.

Its standard input is a pipe into which nobody writes: the system closes it when the other process is gone, also one that was killed
and could not say so. That holds on every system. What the other one has laid into FOLDER then goes as well.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time

GRACE_S = 5


def main() -> None:
    """Datasette's own command line, until standard input ends."""
    folder, *arguments = sys.argv[1:]
    threading.Thread(target=_end_with_input, args=(folder,), daemon=True).start()
    from datasette.cli import cli

    cli(arguments, prog_name="datasette")


def _end_with_input(folder: str) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)  # a page may be on its way; after that nobody is waiting for it
    os._exit(1)


if __name__ == "__main__":
    main()
