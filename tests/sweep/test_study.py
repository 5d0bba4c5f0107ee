"""A sweep reads its data once, and Hydra's callbacks hear of all that happens."""

from planning import plan_command_line

from fmnist_exp.data import loading
from fmnist_exp.run import runner
from fmnist_exp.sweep import checking


def test_every_data_set_is_read_once_and_the_first_last(tmp_path, monkeypatch):
    read = []
    real = loading.load
    monkeypatch.setattr(checking.loading, "load", lambda data: read.append(data.name) or real(data))
    sweep = ("--multirun", "data=synthetic,digits", "seed=range(3)", "training=smoke")
    plan_command_line([*sweep, f"hydra.sweep.dir={tmp_path / 's'}"])
    assert read == ["digits", "synthetic"]


CALLBACK = """
from hydra.experimental.callback import Callback
class Note(Callback):
    def on_multirun_start(self, config, **rest): print("sweep begins")
    def on_job_start(self, config, **rest): print("run", config.hydra.job.num)
    def on_multirun_end(self, config, **rest): print("sweep ends")
"""


def test_callbacks_of_hydra_are_called_also_when_a_run_fails(tmp_path, monkeypatch, train_here):
    (tmp_path / "noting.py").write_text(CALLBACK)
    monkeypatch.syspath_prepend(str(tmp_path))

    def fail(*arguments, **options):
        raise ValueError("odd")

    monkeypatch.setattr(runner, "run", fail)
    callback = "+hydra.callbacks.note._target_=noting.Note"
    sweep = ("--multirun", "seed=1,2", "data=synthetic", f"hydra.sweep.dir={tmp_path / 's'}")
    ended = train_here(*sweep, callback)
    said = [line for line in ended.out.splitlines() if line.startswith(("sweep", "run "))]
    assert [said[0], said[-1]] == ["sweep begins", "sweep ends"]
    assert {"run 0", "run 1"} <= set(said)
    assert ended.status == 1
