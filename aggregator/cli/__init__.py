"""The commands that need no server.

main        the command line: which command, which options, which exit status
check       prepare every SQL file and print what is wrong
run         write one report
output      the file that a report becomes, whole or not at all
"""

from __future__ import annotations

from aggregator.cli.commands import main

__all__ = ["main"]
