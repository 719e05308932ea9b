"""`python -m lgdcnn_core.benchmarks`: fetch and check the data, or print the data card's tables."""

import argparse
import sys

from .datacard import tables
from .download import fetch
from .errors import DataError
from .manifest import manifest


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        Command-line arguments; by default those of this process.

    Returns
    -------
    int
        Exit status: 0, or 1 with the reason on standard error.
    """
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.benchmarks", description=__doc__)
    parser.add_argument("--root", help="a data directory of your own: checked, never written to")
    parser.add_argument("--card", action="store_true", help="print the tables of data/README.md")
    chosen = parser.parse_args(arguments)
    try:
        directory = fetch(chosen.root)
        if chosen.card:
            print(tables(directory))
        else:
            print(f"{directory}: {len(manifest())} files, all as in the manifest")
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
