"""`python -m lgdcnn_core.companion.claims`: print all verdicts from committed records, or write them into README.md."""

import argparse
import sys

from lgdcnn_core.benchmarks import DataError
from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion import claims
from lgdcnn_core.companion.claims.rendering import NoPlaceForVerdicts
from lgdcnn_core.companion.runs import BrokenRecord

README = "README.md"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Words after the program's name; the default is the real ones.

    Returns
    -------
    int
        Exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m lgdcnn_core.companion.claims", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="write the verdicts into README.md (half a minute)")
    chosen = parser.parse_args(arguments)
    top = checkout()
    if top is None:
        print("error: the records are in the repository: clone it and install with `pip install -e .`", file=sys.stderr)
        return 1
    try:
        verdicts = claims.all_verdicts()
        if chosen.readme:
            page = top / README
            page.write_text(
                claims.with_lines(page.read_text(encoding="utf-8"), claims.headlines(verdicts)), encoding="utf-8"
            )
        else:
            print(claims.bullets(verdicts))
    except (BrokenRecord, DataError, NoPlaceForVerdicts) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
