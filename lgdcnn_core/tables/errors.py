"""The error of a file or a table that cannot be read without a guess."""


class UnreadableTable(ValueError):
    """A file is no table that we can read, or it is not clear which columns are meant."""
