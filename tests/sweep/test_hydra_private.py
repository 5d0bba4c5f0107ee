"""What is used of Hydra beyond its public interface is there in the supported versions."""

import inspect
import tomllib

import hydra
from conftest import ROOT
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobReturn, JobStatus

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.sweep import hydra_private

SUPPORTED = "hydra-core>=1.3.8,<1.4"
# method of the object behind `hydra.main` -> its parameters
ANSWERS = {
    "app_help": ["config_name", "args_parser", "args"],
    "hydra_help": ["config_name", "args_parser", "args"],
    "show_cfg": ["config_name", "overrides", "cfg_type", "package", "resolve"],
    "show_info": ["info", "config_name", "overrides", "run_mode"],
    "shell_completion": ["config_name", "overrides"],
}
EVENTS = ("on_run_start", "on_run_end", "on_multirun_start", "on_multirun_end")


def test_names_are_those_of_the_supported_versions():
    """A change of the versions must come with a look at hydra_private.py."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert SUPPORTED in project["dependencies"]
    assert hydra.__version__.startswith("1.3.")


def test_requests_are_answered_by_methods_of_these_parameters():
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        answering = GlobalHydra.instance().hydra
    for name, parameters in ANSWERS.items():
        assert list(inspect.signature(getattr(answering, name)).parameters) == parameters


def test_flags_are_read_by_a_parser_of_argparse():
    options = hydra_private.args_parser().parse_args(["a=1", "--multirun", "--config-dir", "x"])
    assert (options.overrides, options.multirun, options.config_dir) == (["a=1"], True, "x")


def test_callbacks_have_the_events_of_a_run_and_of_a_sweep():
    for event in EVENTS:
        assert callable(getattr(hydra_private.Callbacks(None), event))


def test_error_of_a_failed_run_is_read_without_a_word_of_hydra(capsys):
    job = JobReturn(status=JobStatus.FAILED)
    job.return_value = error = ValueError("odd")
    assert hydra_private.error_of(job) is error
    done = JobReturn(status=JobStatus.COMPLETED)
    done.return_value = 3
    assert hydra_private.error_of(done) is None
    assert capsys.readouterr().err == ""
