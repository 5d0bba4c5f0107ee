"""A config makes the trip once: runs are composed, checked and carried out by one process."""

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from planning import plan_command_line

from fmnist_exp.data import loading
from fmnist_exp.run import runner
from fmnist_exp.sweep import checking, study


def test_sweep_composes_each_combination_once_and_parses_each_run_once(
    tmp_path, monkeypatch, train_here
):
    """Thirty runs of three initializers: four compositions, the sweep among them; thirty parses."""
    composed, parsed = [], []
    real_parse = study.parse
    monkeypatch.setattr(study, "parse", lambda *given: parsed.append(1) or real_parse(*given))
    monkeypatch.setattr(runner, "run", lambda *arguments, **options: None)
    real_load = ConfigLoaderImpl.load_configuration

    def load(self, config_name, overrides, *rest, **options):
        composed.append([each for each in overrides if not each.startswith("hydra.")])
        return real_load(self, config_name, overrides, *rest, **options)

    monkeypatch.setattr(ConfigLoaderImpl, "load_configuration", load)
    sweep = ("--multirun", "experiment=initializers", f"hydra.sweep.dir={tmp_path}")
    ended = train_here("data=synthetic", *sweep)
    assert "30 runs into" in ended.out
    assert len(parsed) == 30
    assert len(composed) == 4
    names = [each[12:] for line in composed[1:] for each in line if each.startswith("initial")]
    assert names == ["glorot_uniform", "he_normal", "lecun_normal"]


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
