"""The one kind of failure that a person who builds the labs is shown: a sentence."""


class BuildError(Exception):
    """The build cannot go on; the message is one clear sentence, ready to be printed."""
