"""Hydra's own tests of launchers and sweepers, with the sweeper `study`."""

import pytest
from hydra.test_utils.launcher_common_tests import IntegrationTestSuite, LauncherTestSuite

pytestmark = [
    pytest.mark.slow,
    # Configs of these tests say no version of Hydra's behaviour.
    pytest.mark.filterwarnings("ignore:.*Future Hydra versions:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*The version_base parameter is not specified:UserWarning"),
]
SWEEPER = ["hydra/sweeper=study"]


@pytest.mark.parametrize(("launcher_name", "overrides"), [("basic", SWEEPER)])
class TestLauncherSuite(LauncherTestSuite):
    """Sweeps in this process."""


@pytest.mark.parametrize(
    ("task_launcher_cfg", "extra_flags"), [({}, ["-m", "hydra/launcher=basic", *SWEEPER])]
)
class TestIntegrationSuite(IntegrationTestSuite):
    """Sweeps of programs of their own."""
