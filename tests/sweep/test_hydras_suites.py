"""Hydra's own tests of launchers and sweepers, with the sweeper `study`."""

import warnings
from collections.abc import Iterator

import pytest
from hydra import version
from hydra.core.singleton import Singleton
from hydra.test_utils.launcher_common_tests import IntegrationTestSuite, LauncherTestSuite

pytestmark = [
    pytest.mark.slow,
    # Configs of these tests say no version of Hydra's behaviour.
    pytest.mark.filterwarnings("ignore:.*Future Hydra versions:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*The version_base parameter is not specified:UserWarning"),
]


@pytest.fixture(autouse=True)
def behaviour_of_hydra_1_1() -> Iterator[None]:
    """Which these tests are written for; other tests of this process have set another one."""
    before = Singleton.get_state()
    with warnings.catch_warnings(action="ignore"):
        version.setbase("1.1")
    yield
    Singleton.set_state(before)


SWEEPER = ["hydra/sweeper=study"]


@pytest.mark.parametrize(("launcher_name", "overrides"), [("basic", SWEEPER)])
class TestLauncherSuite(LauncherTestSuite):
    """Sweeps in this process."""


@pytest.mark.parametrize(
    ("task_launcher_cfg", "extra_flags"), [({}, ["-m", "hydra/launcher=basic", *SWEEPER])]
)
class TestIntegrationSuite(IntegrationTestSuite):
    """Sweeps of programs of their own."""
