"""Two hundred hostile and unlucky inputs, and what the command line must answer.

    python -m tests.hostile -o results/hostile.json

`pictures` and `documents` make the files in code, `cases` says what is done with them and
which answers are right, `run` does it, each case in a process and folders of its own.
"""
