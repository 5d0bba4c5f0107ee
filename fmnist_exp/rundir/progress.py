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


def write_epochs(run_dir: Path, epoch: int, num_epochs: int, accuracy: float) -> None:
    """Replace the file without waiting for the disk; a full one costs no run."""
    with suppress(OSError, ValidationError):  # of an accuracy that is no number
        epochs = Epochs(epoch=epoch, num_epochs=num_epochs, validation_accuracy=accuracy)
        temporary = run_dir / f"{PROGRESS}.tmp"
        temporary.write_text(epochs.model_dump_json(), encoding="utf-8")
        temporary.replace(run_dir / PROGRESS)


def read_epochs(run_dir: Path) -> Epochs | None:
    """How far a run has come; None if it says nothing."""
    try:
        return Epochs.model_validate_json(read_regular(run_dir / PROGRESS, MAX_BYTES))
    except (OSError, ValidationError):
        return None


def remove_epochs(run_dir: Path) -> None:
    """Take the file away, when a run ends."""
    with suppress(OSError):
        (run_dir / PROGRESS).unlink(missing_ok=True)
