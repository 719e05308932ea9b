"""Sealed JSON, which readers refuse when it was changed, and directories that appear whole or not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RECORD = "record.json"
"""File of a record that states the hashes of the others."""

WAY_OUT = "Restore its directory from version control, or remove the directory and run again."


class BrokenRecord(RuntimeError):
    """A record or one of its files is damaged, or was changed after it was written."""


class RecordExists(RuntimeError):
    """A record would be overwritten; records are never edited."""


def seal(content: Mapping[str, Any], version: int) -> str:
    """Text of a sealed JSON file: one line a field, with a format's version and a sha256 over all of them.

    Raises
    ------
    ValueError
        For NaN and infinity, which JSON does not have: what has no value is None.
    """
    sealed = {"format": version, **content}
    sealed["sha256"] = _content_hash(sealed)
    lines = (
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        for name, value in sealed.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def unseal(text: str, name: str, formats: Mapping[int, Iterable[str]]) -> dict[str, Any]:
    """Content of a sealed JSON file, without version and sha256.

    Parameters
    ----------
    text
        What `seal` made.
    name
        Name of the record in error messages.
    formats
        Versions that the reader knows, and the fields of each.

    Raises
    ------
    BrokenRecord
        If the text is not what `seal` made of the fields of one of them.
    """
    try:
        content: dict[str, Any] = json.loads(text)
        stated = content.pop("sha256")
        found = _content_hash(content)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise BrokenRecord(f"{RECORD} of {name} is no record ({error!r}). {WAY_OUT}") from error
    if stated != found:
        raise BrokenRecord(f"{RECORD} of {name} was edited: its content has sha256 {found}, not {stated}. {WAY_OUT}")
    given = content.pop("format", None)
    is_known = type(given) is int and given in formats
    expected = set(formats[given if is_known else max(formats)])
    if not is_known or set(content) != expected:
        known = " and ".join(map(str, sorted(formats)))
        differing = ", ".join(sorted(expected ^ set(content))) or "none"
        raise BrokenRecord(
            f"{RECORD} of {name} has format {given}, this package reads {known} "
            f"(fields that differ: {differing}). {WAY_OUT}"
        )
    return content


def read(file: Path, name: str) -> bytes:
    """Bytes of a file of a record.

    Raises
    ------
    FileNotFoundError
        If there is none.
    BrokenRecord
        If it cannot be read, as a directory cannot; the record is called `name`.
    """
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BrokenRecord(f"{file.name} of {name} cannot be read ({error}). {WAY_OUT}") from error


def read_checked(directory: Path, file: str, stated: str, name: str) -> bytes:
    """Bytes of a file of a record, checked.

    Raises
    ------
    BrokenRecord
        If the file is missing or cannot be read, or its sha256 is not the one stated; the record is called `name`.
    """
    try:
        content = read(directory / file, name)
    except FileNotFoundError:
        raise BrokenRecord(f"{name} has no {file}. {WAY_OUT}") from None
    found = sha256(content)
    if found != stated:
        raise BrokenRecord(f"{file} of {name} has sha256 {found}, not {stated}. {WAY_OUT}")
    return content


def write_directory(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a directory with these files, all at once; after a kill, it is not there.

    Raises
    ------
    RecordExists
        If there is one already.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        for name, content in files.items():
            (partial / name).write_bytes(content)
        # rename, unlike replace, never overwrites a directory that has files, on any system.
        os.rename(partial, target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        if target.exists():
            raise RecordExists(f"{target} exists already, and records are never overwritten") from error
        raise


def sha256(content: bytes) -> str:
    """sha256 of bytes, as records state it."""
    return hashlib.sha256(content).hexdigest()


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """sha256 of each file's bytes, as records state them."""
    return {name: sha256(content) for name, content in files.items()}


def _content_hash(content: Mapping[str, Any]) -> str:
    """sha256 of the values, however the text is laid out."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return sha256(canonical.encode())
