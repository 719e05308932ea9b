"""The command ``lgdcnn``, also as `python -m lgdcnn_core.cli`."""

import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TextIO

from lgdcnn_core.cli import DONE, FAILED, INTERRUPTED
from lgdcnn_core.cli.options import parser


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    words
        Words after the command's name; the default is the real ones.

    Returns
    -------
    int
        Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but some rows were rejected; 130 interrupted.
    """
    chosen = parser().parse_args(words)
    warnings.showwarning = _say
    warnings.simplefilter("always", UserWarning)
    # Each command is a module of its own, so that `lgdcnn --help` does not wait for torch.
    run: Callable[..., int] = import_module(f"lgdcnn_core.cli.{chosen.command}").run
    try:
        return run(chosen)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # of `| head`
        sys.stderr.close()
        return DONE
    except (ValueError, OSError, ImportError, RuntimeError, TypeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED


def _say(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(f"{'note' if issubclass(category, UserWarning) else 'warning'}: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
