"""Find relative links in Markdown, and lead them to where a file is now."""

import os
import re
from collections.abc import Callable
from pathlib import PurePosixPath

_LINK = re.compile(
    # Code is matched first, so that nothing in it is taken for a link.
    r"(?P<code>^ *(?P<fence>```+|~~~+).*?^ *(?P=fence)|(?<!`)(?P<tick>`+)(?!`).+?(?<!`)(?P=tick)(?!`))"
    r"|(?P<before>\]\(<?|^\[[^\]\n]+\]: *|(?:href|src)=[\"'])(?P<target>[^\s)>\"'#]+)",
    re.MULTILINE | re.DOTALL,
)
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
"""Beginning of a target that is not a path: a scheme or a host."""


def relink(text: str, change: Callable[[str], str]) -> str:
    """Return Markdown with every relative link changed; code, web addresses and links within the page stay.

    Parameters
    ----------
    text
        Markdown, with inline links, images, reference definitions and the HTML attributes ``href`` and ``src``.
    change
        Function that returns the new path for a path as it is written. Text from a ``#`` on is no part of the path and
        stays.
    """

    def changed(match: re.Match[str]) -> str:
        target = match["target"]
        if match["code"] is not None or _ELSEWHERE.match(target):
            return match[0]
        return match["before"] + change(target)

    return _LINK.sub(changed, text)


def moved(text: str, page: str, copy: str) -> str:
    """Return a notebook's Markdown with links that lead from its copy to where they led before.

    Links to notebooks beside it stay, as those are copied too.

    Parameters
    ----------
    text
        Markdown.
    page, copy
        Paths of notebook and copy, relative to the checkout.
    """
    beside = PurePosixPath(page).parent

    def from_copy(target: str) -> str:
        path = PurePosixPath(path_in_checkout(target, page))
        return target if path.parent == beside and path.suffix == ".ipynb" else from_page(str(path), copy)

    return relink(text, from_copy)


def path_in_checkout(target: str, page: str) -> str:
    """Return the path that a link on a page leads to, both relative to the checkout.

    Parameters
    ----------
    target
        The link's path, relative to the page.
    page
        Path of the page.
    """
    return os.path.normpath(PurePosixPath(page).parent / target).replace(os.sep, "/")


def from_page(path: str, page: str) -> str:
    """Return a path of the checkout as a link on a page writes it."""
    return os.path.relpath(path, PurePosixPath(page).parent).replace(os.sep, "/")
