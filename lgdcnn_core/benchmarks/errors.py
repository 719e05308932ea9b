"""Errors of benchmark data."""


class DataError(Exception):
    """A data file is missing, differs from the manifest, or cannot be fetched."""


class UnknownDataSetError(DataError, ValueError):
    """No benchmark data set, protocol, kind or published table has this name."""


class FoldError(DataError, ValueError):
    """A fold is missing, is outside 0 to 4, or was given for a set that has none."""
