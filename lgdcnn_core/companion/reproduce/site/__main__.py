"""`python -m lgdcnn_core.companion.reproduce.site`: build the static site into ``build/site``."""

import argparse
import sys
from pathlib import Path

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion.reproduce.gallery import NoCaption
from lgdcnn_core.companion.reproduce.site.building import BrokenSite, build
from lgdcnn_core.companion.reproduce.site.source import BrokenLink


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.reproduce.site", description=__doc__)
    parser.parse_args(arguments)
    top = checkout()
    if top is None:
        print("error: the pages are in the repository: clone it and install with `pip install -e .`", file=sys.stderr)
        return 1
    try:
        front: Path = build(top)
    except (BrokenLink, BrokenSite, NoCaption) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"built; open {front}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
