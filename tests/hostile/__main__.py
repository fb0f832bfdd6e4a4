"""`python -m tests.hostile`: the table of hostile inputs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from riis_physical.system.files import check_writable, write_text
from tests.hostile.run import run_all


def main() -> None:
    """Write the table; exit status 1 where a line is out of bounds."""
    import json

    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="A .json file.")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="Cases whose group and name hold this text.")
    given = parser.parse_args()
    check_writable(given.output, force=True)
    from training.measure.common.environment import describe_environment

    lines = run_all(given.workers, given.only)
    wrong = [line for line in lines if line["wrong"]]
    table = {
        "kind": "hostile inputs",
        "cases": len(lines),
        "out_of_bounds": len(wrong),
        "environment": describe_environment(),
        "lines": lines,
    }
    write_text(given.output, json.dumps(table, indent=1) + "\n", force=True)
    for line in wrong:
        print(f"{line['group']}: {line['name']}: {'; '.join(line['wrong'])}", file=sys.stderr)
    print(f"{len(lines)} cases, {len(wrong)} out of bounds: {given.output}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
