"""Standard output whose reader may leave, as `head` does."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

EXIT_PIPE = 141  # 128 + SIGPIPE, as a shell reports it


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """End quietly once nobody reads what the block prints.

    Source: Python's library reference, signal, note on SIGPIPE.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_PIPE)


def end_with_reader() -> None:
    """End the process at once when nobody reads what it prints; Hydra would print a trace."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
