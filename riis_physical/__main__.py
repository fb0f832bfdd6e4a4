"""`python -m riis_physical`: the command line."""

from riis_physical.cli import main

if __name__ == "__main__":
    main()
