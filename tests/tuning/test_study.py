"""A tuned sweep: how its trials are launched, stopped, resumed, given up and reported."""

import shlex

import pytest
from conftest import read_rows
from planning import plan_command_line
from study import found_in
from tuning_study import SMALL, studied, trials_of, tune

from fmnist_exp.config.schema import ExecutionConfig
from fmnist_exp.engine import choice
from fmnist_exp.engine.native import c_library
from fmnist_exp.errors import ConfigError, Pruned
from fmnist_exp.report.csv_files import summarize
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.page.checks import fired
from fmnist_exp.run import runner
from fmnist_exp.run.store import Store
from fmnist_exp.rundir import plan, records

LEARNING = "hydra.sweeper.random_trials=2"  # later trials are proposed from what was learned


def total(number):
    return f"hydra.sweeper.num_trials={number}"


def values(sweep_dir):
    return [trial.values for trial in trials_of(sweep_dir)]


def test_study_goes_on_to_the_total_and_no_further(tmp_path):
    assert tune(tmp_path / "a", total(3), LEARNING) == [[0], [1], [2]]
    assert tune(tmp_path / "a", total(5), LEARNING) == [[3], [4]]
    assert tune(tmp_path / "a", total(5), LEARNING) == []
    tune(tmp_path / "b", total(5), LEARNING)
    assert values(tmp_path / "a") == values(tmp_path / "b")
    rates = [float(each["optimizer.config.learning_rate"]) for each in values(tmp_path / "a")]
    planned = [trial.config["optimizer"]["config"] for trial in trials_of(tmp_path / "a")]
    assert [each["learning_rate"] for each in planned] == rates


@pytest.mark.slow
def test_failed_trial_stays_open_and_the_same_command_repeats_it(tmp_path, capsys):
    with pytest.raises(RuntimeError, match="trial 1"):
        tune(tmp_path, total(3), statuses={1: "failed"})
    assert "3 trials, 2 completed, 1 without a result" in capsys.readouterr().out
    assert tune(tmp_path, total(3)) == [[1]]
    assert "3 trials, 3 completed" in capsys.readouterr().out


def test_case_O3_stopped_study_of_which_nothing_has_ended_says_where_it_is(tmp_path, capsys):
    """What is missing, and how to go on, is said for every sweep."""
    with pytest.raises(RuntimeError, match="trial 0"):
        tune(tmp_path, total(1), statuses={0: "failed"})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        "no trial was completed: there is nothing to choose",
        f"files in {tmp_path}",
    ]


@pytest.mark.slow
def test_trials_launched_together_are_proposed_together(tmp_path, capsys):
    together = "hydra.sweeper.trials_at_once=3"
    assert tune(tmp_path / "a", total(7), together, LEARNING) == [[0, 1, 2], [3, 4, 5], [6]]
    with pytest.raises(RuntimeError, match="trial 0"):
        tune(tmp_path / "b", total(3), together, LEARNING, statuses={0: "failed", 2: "failed"})
    batches = tune(tmp_path / "b", total(7), together, LEARNING)
    assert batches == [[0], [2], [3, 4, 5], [6]]  # a launcher counts on from the first
    assert values(tmp_path / "a") == values(tmp_path / "b")


@pytest.mark.slow
def test_settings_that_may_not_change_are_refused(tmp_path):
    tune(tmp_path, total(2))
    arguments = ["--multirun", "experiment=tune", *SMALL, f"hydra.sweep.dir={tmp_path}"]
    plan_command_line([*arguments, total(9), "hydra.sweeper.trials_at_once=2"])
    for override, message in {
        "hydra.sweeper.sampler_seed=1": "begun with other settings",
        "model.dropout=interval(0,0.4)": "begun with other factors",
        "training.epochs=3": "begun with other configs, data or training code",
    }.items():
        with pytest.raises(ConfigError, match=message):
            plan_command_line([*arguments, override])


@pytest.mark.slow
def test_study_resumed_where_c_cannot_be_had_is_refused_for_its_engine(tmp_path, monkeypatch):
    tune(tmp_path, total(2))
    monkeypatch.setattr(c_library, "load", lambda dtype: "there is no C here")
    choice._c_is_here.cache_clear()
    arguments = ["--multirun", "experiment=tune", *SMALL, f"hydra.sweep.dir={tmp_path}"]
    with pytest.raises(ConfigError, match=r"begun with other engine, .*: c, received xla"):
        plan_command_line([*arguments, total(9)])


@pytest.mark.slow
def test_aggregator_names_what_was_chosen_and_what_was_given_up(tmp_path):
    tune(tmp_path / "s", total(4), statuses={1: "pruned", 2: "diverged"})
    found = found_in(tmp_path / "s")
    assert found.study.keys == (
        "optimizer.config.learning_rate",
        "model.dropout",
        "model.hidden",
    )
    best = min((0, 3), key=lambda n: float(values(tmp_path / "s")[n]["model.dropout"]))
    answer = answer_of(found)
    assert answer.first.startswith("Best of 4 trials: optimizer.config.learning_rate=")
    (line,) = [each for each in answer.lines if each.startswith("s was tuned on validation")]
    assert f"the best is number {best}, optimizer.config.learning_rate=" in line
    assert not any("against" in each for each in answer.lines)  # one seed is no comparison
    assert answer.command is not None
    assert answer.command.endswith("'seed=range(1,11)' hydra/sweeper=study")
    told = {each.code: each.sentence for each in fired(found)}
    assert "1 run pruned: s/1" in told["failed-runs"]
    assert summarize(found)["num_pruned"].tolist() == [0, 1, 0, 0]


def test_pruned_run_is_recorded_unmeasured_and_never_reused(tmp_path, tiny_config):
    config = tiny_config("training.epochs=3")
    store, choices = Store(tmp_path / "runs"), {"initializer": "glorot_uniform"}
    limits = {2: 1.1}  # no accuracy reaches this
    how, epochs = ExecutionConfig(store=str(store.root), checkpoint_seconds=0), []

    def give_up(epoch, num_saved):
        epochs.append(epoch)
        if runner.is_hopeless(epochs, limits):
            raise Pruned

    record = runner.run(config, tmp_path / "a", choices, how, on_epoch=give_up)
    assert record == records.read_record(tmp_path / "a")
    assert (record.status, record.num_epochs, record.metrics) == ("pruned", 2, {})
    assert record.error is None
    assert len(read_rows(tmp_path / "a" / records.HISTORY)) == 2
    assert store.kept() == []
    assert list((tmp_path / "runs" / "unfinished").iterdir()) == []
    whole = runner.run(config, tmp_path / "b", choices, how)
    alone = runner.run(config, tmp_path / "c", choices)
    assert (whole.status, whole.reused) == ("completed", False)
    assert whole.metrics == alone.metrics


@pytest.mark.slow
def test_as_many_trials_are_proposed_as_the_launcher_starts_together(tmp_path):
    arguments = ["--multirun", "experiment=tune", *SMALL, f"hydra.sweep.dir={tmp_path / 's'}"]
    for launcher, number in ((("hydra/launcher=cores", "hydra.launcher.n_jobs=3"), 3), ((), 1)):
        assert plan_command_line([*arguments, *launcher]).study.trials_at_once == number
    study = plan_command_line([*arguments, "hydra/launcher=cores"]).study
    assert study.trials_at_once >= 1  # one for each core


def printed_command(said):
    lines = said.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("before its test accuracy"))
    words = shlex.split(lines[place + 1])
    assert words[:3] == ["python", "-m", "fmnist_exp.train"]
    return words[3:]


@pytest.mark.slow
@pytest.mark.parametrize("chosen", ["as shipped", "options of one's own"])
def test_printed_command_trains_the_best_trial_with_several_seeds(chosen, tmp_path, capsys):
    own = []
    if chosen != "as shipped":
        (tmp_path / "own" / "training").mkdir(parents=True)
        text = "name: mine\nepochs: 3\nbatch_size: 8\ncallbacks: {}\n"
        (tmp_path / "own" / "training" / "mine.yaml").write_text(text)
        path = f"hydra.searchpath=['file://{tmp_path / 'own'}']"
        factors = ("+optimizer.config.beta_1=interval(0.8,0.95)", "initializer=he,glorot")
        own = [path, "training=mine", "seed=7", "hydra.sweeper.prune=false", *factors]
    tune(tmp_path / "a b", total(3), *own)
    best = max(trials_of(tmp_path / "a b"), key=lambda run: -float(run.values["model.dropout"]))
    arguments = printed_command(capsys.readouterr().out)
    if own:
        assert arguments[:2] == ["--config-dir", str(tmp_path / "own")]
    planned = plan_command_line(arguments)
    assert planned.sweep_dir == tmp_path / f"a b_best_{best.number}"
    configs = [run.config for run in planned.study.runs]
    first = best.config["seed"] + 1  # the trial was chosen by its own
    assert configs == [{**best.config, "seed": seed} for seed in range(first, first + 10)]
    assert planned.study.begun_with is None  # a sweep like any other


@pytest.mark.slow
@pytest.mark.parametrize(
    ("begun", "given", "kinds"),
    [
        (["experiment=tune"], ["seed=1,2"], "a tuned sweep"),
        (["seed=1,2"], ["experiment=tune"], "an ordinary sweep"),
    ],
)
def test_tuned_and_ordinary_sweeps_keep_out_of_each_other(begun, given, kinds, tmp_path):
    where = ["--multirun", *SMALL, f"hydra.sweep.dir={tmp_path}"]
    planned = plan_command_line([*where, *begun])
    for run in planned.study.runs:
        plan.write_run(tmp_path, run)
    planned.study.write_study()
    with pytest.raises(ConfigError, match=f"which holds {kinds}"):
        plan_command_line([*where, *given])


@pytest.mark.parametrize("name", ["trials.json", "plan.json"])
def test_study_of_former_code_is_refused_in_one_line(name, tmp_path):
    (tmp_path / name).write_text("{}")
    into = f"hydra.sweep.dir={tmp_path}"
    with pytest.raises(ConfigError, match=r"^[^\n]*that former code has begun[^\n]*$"):
        plan_command_line(["--multirun", "experiment=tune", *SMALL, into])


def test_dry_run_says_what_may_be_chosen_and_how_far_the_study_is(tmp_path, capsys):
    tune(tmp_path, total(2), statuses={1: "pruned"})
    capsys.readouterr()
    with studied(f"hydra.sweep.dir={tmp_path}", total(5), "dry_run=true") as study:
        assert study.sweep() == []
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "optimizer.config.learning_rate  tag(log,interval(1e-4,1e-2))",
        "model.dropout  interval(0,0.5)",
    ]
    assert [line.split()[:2] for line in lines[3:5]] == [["0", "completed"], ["1", "pruned"]]
    assert lines[5:] == ["5 trials, 2 proposed, 3 to come"]


def test_trials_lie_where_the_subdir_says(tmp_path):
    subdir = "hydra.sweep.subdir='trials/${hydra.job.num}'"
    tune(tmp_path, total(2), subdir)
    assert [trial.directory for trial in trials_of(tmp_path)] == ["trials/0", "trials/1"]
    assert tune(tmp_path, total(3), subdir) == [[2]]
