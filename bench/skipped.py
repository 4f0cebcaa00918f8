"""What cannot be measured here, and why."""


class Skipped(Exception):
    """A measurement that is left out; the text says what is missing."""
