"""What pyproject.toml cannot say: the config files lie beside the package, and go into it."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithConfigs(build_py):
    """Builds the package with a copy of conf/ inside, which an editable install does not need."""

    def run(self) -> None:
        """Copy what setuptools copies, then the config files."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "fmnist_exp" / "conf"
            shutil.copytree("conf", target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithConfigs})
