"""What a run is: the schema with its rules, and what of Keras a config may name."""

from pathlib import Path

PACKAGE_DIR = Path(__file__).resolve().parents[1]
# An installed package holds a copy; in a checkout the files lie beside it.
CONFIG_DIR = next(
    (path for path in (PACKAGE_DIR / "conf", PACKAGE_DIR.parent / "conf") if path.is_dir()),
    PACKAGE_DIR / "conf",
)
