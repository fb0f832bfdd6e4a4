"""Where things lie in a checkout."""

from pathlib import Path

ROOT = Path(__file__).parents[2]

# For processes that import a test module by its name, as pytest itself does.
PYTHONPATH = f"{ROOT}:{Path(__file__).parent}"
