"""What a run is: the schema with its rules, and what of Keras a config may name."""

from pathlib import Path

PACKAGE_DIR = Path(__file__).resolve().parents[1]
# An installed package holds a copy; in a checkout the files lie beside it.
INSTALLED = PACKAGE_DIR / "conf"
CONFIG_DIR = INSTALLED if INSTALLED.is_dir() else PACKAGE_DIR.parent / "conf"
