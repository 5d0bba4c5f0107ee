"""The same command gives the same runs with every launcher."""

import pytest
from conftest import command, train

from fmnist_exp import records
from fmnist_exp.config import CONFIG_DIR

LAUNCHERS = sorted(path.stem for path in (CONFIG_DIR / "hydra" / "launcher").glob("*.yaml"))
SETTINGS = ("data=synthetic", "training=smoke", "threads_per_run=1", "seed=range(2)")


def sweep(folder, *launcher):
    result = train("--multirun", *launcher, *SETTINGS, f"hydra.sweep.dir={folder}")
    assert result.returncode == 0, result.stderr
    return [records.read_record(folder / str(number)) for number in range(2)]


@pytest.mark.slow
def test_launchers_on_this_machine_give_the_same_bits(tmp_path):
    metrics = {
        name: [record.metrics for record in sweep(tmp_path / name, *launcher)]
        for name, launcher in {
            "basic": [],
            "cores": ["hydra/launcher=cores"],
            "submitit": ["hydra/launcher=here_submitit"],
        }.items()
    }
    assert metrics["cores"] == metrics["basic"]
    assert metrics["submitit"] == metrics["basic"]


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_launcher_composes(launcher):
    flags = ("-m", "fmnist_exp.train", "--cfg", "hydra")
    result = command(*flags, f"hydra/launcher={launcher}")
    assert result.returncode == 0, result.stderr
    assert "_target_: hydra_plugins" in result.stdout


def test_failures_in_other_processes_are_named_at_the_end(tmp_path):
    bad = ("optimizer=sgd", "optimizer.config.learning_rate=0.1", "training.batch_size=8")
    folder = tmp_path / "sweep"
    (tmp_path / "file").write_text("")
    result = train(
        "--multirun",
        "hydra/launcher=cores",
        *SETTINGS,
        *bad,
        f"hydra.sweep.dir={folder}",
        f"store={tmp_path / 'file' / 'runs'}",
    )
    assert result.returncode != 0
    assert "cannot write" in result.stderr
    assert "repeat it: python -m fmnist_exp.train" in result.stderr
