"""How a command ends, and what it prints: errors in one line, in any encoding, to any reader."""

import errno
import io
import logging
import os
import shlex
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fmnist_exp.errors import FmnistError, Terminated

EXIT_BAD_INPUT = 2  # as argparse says it
EXIT_BY_SIGNAL = 128  # and the number of the signal, as a shell reports it
EXIT_PIPE = EXIT_BY_SIGNAL + 13  # SIGPIPE
ENDED_BY: dict[int, str] = {
    signal.SIGTERM: "terminated",
    signal.SIGHUP: "hung up",  # the terminal was closed
}
READER_GONE = (errno.EPIPE, errno.EIO)  # of a pipe; of a terminal
SCRIPT = "fmnist-"  # how the names of the installed commands begin


def is_script() -> bool:
    """Whether this process was started as an installed command, such as `fmnist-train`."""
    return Path(sys.argv[0]).name.startswith(SCRIPT)


def is_starting(module: str) -> bool:
    """Whether the command itself is being imported, and Ctrl-C would show a traceback."""
    script = f"{SCRIPT}{module.rpartition('.')[2]}"
    is_command = module == "__main__" or Path(sys.argv[0]).name == script
    return is_command and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def typed(name: str, *words: str) -> str:
    """A command of ours as it is to be typed, in the way in which this process was started.

    `fmnist-NAME WORDS`, or else `python -m fmnist_exp.NAME WORDS`.
    """
    program = [f"{SCRIPT}{name}"] if is_script() else ["python", "-m", f"fmnist_exp.{name}"]
    return shlex.join([*program, *words])


def complain(error: FmnistError) -> None:
    """Show an error of ours: one message, without a traceback."""
    print(f"{type(error).__name__}: {error}", file=sys.stderr)


@contextmanager
def as_command() -> Iterator[None]:
    """Print in any encoding; end with one line on our errors and on Ctrl-C.

    End quietly once nobody reads what the block prints, as `head` does.

    Source: Python's library reference, signal, note on SIGPIPE.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as a command sets it to be imported
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr has it
    # It warns of a home where it cannot keep its fonts.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except FmnistError as error:
        complain(error)
        sys.exit(EXIT_BAD_INPUT)
    except KeyboardInterrupt as stopped:
        number = stopped.number if isinstance(stopped, Terminated) else int(signal.SIGINT)
        print(ENDED_BY.get(number, "interrupted"), file=sys.stderr)
        sys.exit(EXIT_BY_SIGNAL + number)
    except OSError as error:
        if error.errno not in READER_GONE:
            raise
        _discard(sys.stdout.fileno())
        sys.exit(EXIT_PIPE)


def counted(number: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def leave_lost_terminal() -> None:
    """Print to nowhere from now on where a terminal was closed; writing to it would fail."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # no file at all
            number = stream.fileno()
            if stat.S_ISCHR(os.fstat(number).st_mode) and not os.isatty(number):
                _discard(number)


def _discard(number: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)
