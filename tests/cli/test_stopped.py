"""Ctrl-C while the commands are still being loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# Sends itself the signal at the moment when the last of the commands' modules is looked for.
STOPPED_WHILE_LOADING = """
import os, signal, sys
class Finder:
    def find_spec(name, path=None, target=None):
        if name == "datasette_gphotos_dedupe.cli.status":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder)
from datasette_gphotos_dedupe.cli import main
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_while_the_commands_are_loaded_ends_in_one_word():
    ended = subprocess.run([sys.executable, "-c", STOPPED_WHILE_LOADING], capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "Aborted!\n")


def test_the_command_line_does_not_load_datasette():
    """Loading it takes longer than all the rest, and Ctrl-C meanwhile ends in a traceback that nobody can catch."""
    code = "import sys; import datasette_gphotos_dedupe.cli; print('datasette' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("False\n", "")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_the_tests_hear_ctrl_c_also_when_they_were_started_deaf_to_it():
    """As `nohup scripts/test` and `scripts/test &` start them."""
    own = f"{__file__}::test_ctrl_c_while_the_commands_are_loaded_ends_in_one_word"
    start = "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); import os; os.execv(sys.executable, sys.argv[1:])"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", own]
    done = subprocess.run([sys.executable, "-c", start, *command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
