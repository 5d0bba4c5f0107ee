"""The errors a user can meet; each message says what was received, the rule and the repair."""

import difflib
from collections.abc import Iterable


class FmnistError(Exception):
    """A problem that the user can mend; shown as one message, without a traceback."""


class ConfigError(FmnistError):
    """A config key or value that no run can be made of."""


class DataError(FmnistError):
    """A data set that is missing, damaged or not what it claims to be."""


class ImageError(FmnistError):
    """A picture that cannot be read, or that shows nothing."""


class RecordError(FmnistError):
    """A run directory that cannot be read or written."""


class CodeError(FmnistError):
    """Modules of the package that were edited while they were imported."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end by a signal; what is running is interrupted, not failed."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Pruned(Exception):
    """The run is given up as hopeless; raised between two epochs."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' Did you mean X?' for the known word nearest to `word`; else the known words, if any."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1)
    listed = f" Known: {', '.join(known)}." * bool(known)
    return f" Did you mean {near[0]}?" if near else listed
