"""Run one notebook with papermill in this process; `notebook.run` starts it as a script.

It imports nothing from this package, so that it does not wait for torch, which only the kernel needs.
"""

import json
import sys
import warnings

import papermill


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
        papermill.execute_notebook(
            wanted["notebook"],
            wanted["output"],
            wanted["parameters"],
            kernel_name=wanted["kernel"],
            language="python",
            progress_bar=False,
        )
    except papermill.PapermillExecutionError as error:
        print(str(error).strip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
