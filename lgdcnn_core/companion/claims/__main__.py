"""`python -m lgdcnn_core.companion.claims`: print the ledger of all verdicts from committed records, or write it.

It is written to data/claims.csv, and the verdicts on claims also into README.md.
"""

import argparse
import sys

from lgdcnn_core.benchmarks import DataError
from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion import claims
from lgdcnn_core.companion.claims.rendering import NoPlaceForVerdicts
from lgdcnn_core.companion.runs import BrokenRecord

README = "README.md"

LEDGER = "data/claims.csv"


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
    parser.add_argument("--write", action="store_true", help="write README.md and data/claims.csv (half a minute)")
    chosen = parser.parse_args(arguments)
    top = checkout()
    if top is None:
        print("error: the records are in the repository: clone it and install with `pip install -e .`", file=sys.stderr)
        return 1
    try:
        evidence = claims.Evidence()
        verdicts, numbers = claims.all_verdicts(evidence), claims.each_published_number(evidence)
        if chosen.write:
            page = top / README
            page.write_text(
                claims.with_lines(page.read_text(encoding="utf-8"), claims.headlines(verdicts)), encoding="utf-8"
            )
            (top / LEDGER).write_text(claims.csv_text(verdicts + numbers), encoding="utf-8")
        else:
            print(claims.bullets(verdicts + numbers))
    except (BrokenRecord, DataError, NoPlaceForVerdicts) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
