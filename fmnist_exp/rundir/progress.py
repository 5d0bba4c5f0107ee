"""How far a run has come, in a small file while it trains: it may do so on another machine."""

from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError

from fmnist_exp.files import read_regular
from fmnist_exp.strict import Strict

PROGRESS = ".progress.json"
MAX_BYTES = 1000


class Epochs(Strict):
    """How far a run has come.

    Attributes:
        epoch: epochs trained.
        num_epochs: the most epochs that the run may take.
        validation_accuracy: of the last epoch, a fraction.
    """

    epoch: int = Field(ge=0)
    num_epochs: int = Field(ge=1)
    validation_accuracy: float


def write_epochs(run_dir: Path, epochs: Epochs) -> None:
    """Replace the file without waiting for the disk; a full one costs no run."""
    path = run_dir / PROGRESS
    temporary = path.with_name(f"{PROGRESS}.tmp")
    with suppress(OSError):
        temporary.write_text(epochs.model_dump_json(), encoding="utf-8")
        temporary.replace(path)


def read_epochs(run_dir: Path) -> Epochs | None:
    """How far a run has come; None if it says nothing."""
    try:
        return Epochs.model_validate_json(read_regular(run_dir / PROGRESS, MAX_BYTES))
    except (OSError, ValidationError):
        return None


def remove_epochs(run_dir: Path) -> None:
    """Take the file away, when a run ends."""
    for name in (PROGRESS, f"{PROGRESS}.tmp"):
        with suppress(OSError):
            (run_dir / name).unlink(missing_ok=True)
