"""The kernel that notebooks run in: always ``python3``, and always of this interpreter's environment."""

import sys
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

NAME = "python3"

_THIS_INTERPRETER = {"python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info)}
"""First words of a kernel's command for which jupyter_client itself puts the running interpreter."""


class WrongKernel(RuntimeError):
    """Notebooks would run in another environment than this one."""


def check(manager: KernelSpecManager | None = None) -> None:
    """Raise unless ``python3`` is a kernel of the environment that this interpreter belongs to.

    A kernel of this name in the user's own directory hides the environment's, and notebooks then run with other
    versions of everything, or without this package.

    Raises
    ------
    WrongKernel
        If it is not; the message says which kernel was found, where, and the way out.
    """
    try:
        found = (manager or KernelSpecManager()).get_kernel_spec(NAME)
    except NoSuchKernel:
        raise WrongKernel(
            f"there is no kernel {NAME!r}: install ipykernel in the environment of {sys.executable}"
        ) from None
    interpreter = found.argv[0]
    if interpreter in _THIS_INTERPRETER:
        return
    # Environments are told apart by their directory: links in them may lead to one and the same interpreter.
    if Path(interpreter).absolute().parent != Path(sys.executable).absolute().parent:
        raise WrongKernel(
            f"the kernel {NAME!r} in {found.resource_dir} runs {interpreter}, not {sys.executable}: remove it with "
            f"`jupyter kernelspec remove {NAME}`, or set JUPYTER_PREFER_ENV_PATH=1"
        )
