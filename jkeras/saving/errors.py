"""The one error of files that cannot be read."""


class FileError(ValueError):
    """A file is damaged, hostile, or does not fit the model; the message names it."""
