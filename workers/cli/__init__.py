"""`family-dispatch`: the program's one command for administrators. Each command has its own file.

Help and messages are Russian: administrators are users. Exit codes: 0 done, 1 it did not work, 2 refused (settings or
order), each with a sentence.
"""

from workers.cli.app import main

__all__ = ["main"]
