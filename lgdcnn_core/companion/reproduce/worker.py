"""Run one notebook with papermill in this process; `notebook.run` starts it as a script.

It imports nothing from this package, so that it does not wait for torch, which only the kernel needs.
"""

import json
import sys
import warnings
from typing import Any

import papermill

STARTS = 3
"""Times that a kernel is started: it chooses free ports and binds them later, and another may take one in between."""

NOT_STARTED = "Kernel died before replying to kernel_info"


def main(order: str) -> int:
    """Run a notebook; print the traceback of a failed cell and give the exit status.

    Parameters
    ----------
    order
        JSON of ``notebook``, ``output``, ``parameters`` and ``kernel``.
    """
    wanted = json.loads(order)
    # Warnings concern the libraries' dealings with each other; errors are still raised.
    warnings.simplefilter("ignore")
    try:
        _execute(wanted)
    except papermill.PapermillExecutionError as error:
        print(str(error).strip(), file=sys.stderr)
        return 1
    return 0


def _execute(wanted: dict[str, Any]) -> None:
    for starts_left in reversed(range(STARTS)):
        try:
            papermill.execute_notebook(
                wanted["notebook"],
                wanted["output"],
                wanted["parameters"],
                kernel_name=wanted["kernel"],
                language="python",
                progress_bar=False,
            )
        except RuntimeError as error:
            if str(error) != NOT_STARTED or not starts_left:
                raise
        else:
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
