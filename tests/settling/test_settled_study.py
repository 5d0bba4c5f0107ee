"""A sweep that adds seeds: which runs it launches, when it ends, and how it goes on."""

import shlex
import shutil
from unittest import mock

import numpy as np
import pytest
from hydra import initialize_config_dir
from hydra.core.plugins import Plugins
from planning import plan_command_line, sweeping
from study import found_in
from writing_launcher import NUM_TEST, WritingLauncher

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.errors import ConfigError
from fmnist_exp.report.page.answers import answer_of
from fmnist_exp.report.page.checks import fired
from fmnist_exp.report.page.methods import methods
from fmnist_exp.rundir import plan
from fmnist_exp.statistics.verdicts import PRIMARY, Verdict
from fmnist_exp.sweep import command_line, composing

SMALL = ("data=synthetic", f"data.num_test={NUM_TEST}", "training=smoke")
FACTOR = "initializer=glorot,he,lecun"
HELD = ("seeds.initialization=1", "seeds.order=1")  # of a plain network, all but the split
MEANS = {"glorot_uniform": 0.80, "he_normal": 0.85, "lecun_normal": 0.80}


def accuracy_of(run):
    """He is better by 5 points; of Glorot and LeCun each seed wins now and then, by a point."""
    name, seed = run.config["initializer"]["name"], run.config["seed"]
    noise = np.random.default_rng([seed, len(name)]).normal(0, 0.01)
    return MEANS[name] + float(np.round(noise, 4))


def settle(sweep_dir, *overrides, most=20, statuses=None, accuracy_of=accuracy_of):
    """Run a sweep with a launcher that writes; the batches that were launched."""
    launcher = WritingLauncher(sweep_dir, SMALL, accuracy_of, statuses)
    given = ["--multirun", *SMALL, f"until_settled={most}", "reuse=false"]
    if not any(each.startswith(("experiment=", "initializer=")) for each in overrides):
        given.append(FACTOR)
    into = f"hydra.sweep.dir={command_line.quoted(str(sweep_dir))}"
    arguments = [*given, into, *overrides]
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        options = command_line.read_arguments(arguments)
        study = sweeping(composing.compose(options.overrides, options.multirun))
        study.is_here = False  # as for any launcher but Hydra's own
    with mock.patch.object(Plugins, "instantiate_launcher", return_value=launcher):
        for jobs in study.sweep():
            for job in jobs:
                _ = job.return_value  # raises what the run has raised
    return launcher.batches


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """A sweep that has ended, to be read alone."""
    folder = tmp_path_factory.mktemp("settled")
    settle(folder)
    return folder


@pytest.fixture
def settled_copy(settled, tmp_path):
    """A copy of it, to be written in."""
    return shutil.copytree(settled, tmp_path / "copy")


def runs_of(sweep_dir):
    """Initializer and seed of each run that is planned."""
    return [
        (run.config["initializer"]["name"], run.config["seed"]) for run in plan.read_runs(sweep_dir)
    ]


def verdicts_of(sweep_dir):
    compared = found_in(sweep_dir).comparisons[PRIMARY]
    return [
        (each.condition_a, each.condition_b, each.verdict, each.settled_after) for each in compared
    ]


def test_seeds_are_added_five_at_a_time_to_what_is_open_up_to_the_most(tmp_path, capsys):
    batches = settle(tmp_path)
    assert [len(batch) for batch in batches] == [15, 10, 10, 10]
    names = {name for name, seed in runs_of(tmp_path) if seed >= 5}
    assert names == {"glorot_uniform", "lecun_normal"}
    assert {seed for _, seed in runs_of(tmp_path)} == set(range(20))
    assert verdicts_of(tmp_path) == [
        ("he_normal", "glorot_uniform", "better", 5),
        ("lecun_normal", "glorot_uniform", "undecided", None),
        ("lecun_normal", "he_normal", "worse", 5),
    ]
    said = capsys.readouterr().out
    assert "after 5 seeds: 2 of 3 comparisons settled\n  he is better than glorot by" in said
    assert "lecun and glorot: not settled with 20 of 20 seeds" in said


def test_sweep_ends_once_everything_is_settled(tmp_path, capsys):
    far = {"glorot_uniform": 0.5, "he_normal": 0.6, "lecun_normal": 0.7}

    def far_apart(run):
        return accuracy_of(run) + far[run.config["initializer"]["name"]] - 0.6

    assert [len(each) for each in settle(tmp_path, accuracy_of=far_apart)] == [15]
    assert capsys.readouterr().out.count("settled after 5 seeds") == 3
    assert settle(tmp_path, accuracy_of=far_apart) == []


def test_plan_is_written_before_the_first_run(tmp_path):
    def refuse(run):
        study = plan.read_study(tmp_path)
        assert study.settling == plan.Settling(
            factor="initializer",
            levels=("initializer=glorot", "initializer=he", "initializer=lecun"),
            looks=(5, 10, 15, 20),
            sesoi=0.003,
            alpha=0.05,
        )
        raise RuntimeError("seen")

    with pytest.raises(RuntimeError, match="seen"):
        settle(tmp_path, accuracy_of=refuse)


@pytest.mark.parametrize("lost", [0, 16, 40])
def test_sweep_that_lost_a_run_goes_on_to_the_same_runs_and_verdicts(lost, tmp_path, settled):
    with pytest.raises(RuntimeError, match=f"trial {lost}"):
        settle(tmp_path, statuses={lost: "failed"})
    num_planned = len(runs_of(tmp_path))
    assert num_planned < 45 or lost == 40  # no look is taken over a run that is missing
    batches = settle(tmp_path)
    assert batches[0] == [lost]
    assert runs_of(tmp_path) == runs_of(settled)
    assert verdicts_of(tmp_path) == verdicts_of(settled)


def test_diverged_run_is_a_result_and_holds_nothing_up(tmp_path):
    settle(tmp_path, statuses={5: "diverged"})
    (first,) = [
        each for each in verdicts_of(tmp_path) if each[:2] == ("he_normal", "glorot_uniform")
    ]
    assert first[3] is None  # an arm of which more runs have diverged is not called better
    assert len(runs_of(tmp_path)) == 60


def test_report_and_sweep_agree_on_every_comparison(tmp_path):
    """Both follow the looks on their own, from the same run directories."""
    seen = set()
    for spread, shift in ((0.003, 0.0002), (0.003, 0.02)):

        def drawn(run, spread=spread, shift=shift):
            name, seed = run.config["initializer"]["name"], run.config["seed"]
            noise = np.random.default_rng([seed, len(name)]).normal(0, spread)
            return float(np.round(0.8 + shift * (name == "he_normal") + noise, 4))

        sweep_dir = tmp_path / str(shift)
        settle(sweep_dir, accuracy_of=drawn)
        arguments = ["--multirun", *SMALL, "until_settled=20", FACTOR, "reuse=false"]
        study = plan_command_line([*arguments, f"hydra.sweep.dir={sweep_dir}"]).study
        own = [(each.verdict, each.settled_after, each.num_pairs) for each in study.compared()]
        found = found_in(sweep_dir).comparisons[PRIMARY]
        assert own == [(each.verdict, each.settled_after, each.num_pairs) for each in found]
        seen |= {each.verdict for each in found}
    assert seen >= {Verdict.BETTER, Verdict.EQUAL, Verdict.UNDECIDED}


def test_experiment_gives_the_factor_and_its_seeds_are_left_out(tmp_path):
    batches = settle(tmp_path, "experiment=initializers", most=5)
    assert [len(each) for each in batches] == [15]
    assert [seed for _, seed in runs_of(tmp_path)] == [*range(5)] * 3


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((FACTOR, "optimizer=adam,sgd"), "one factor, .* received initializer=.* optimizer="),
        ((), "one factor, .* received none"),
        ((FACTOR, "seed=range(5)"), "seed must not be given"),
        ((FACTOR, "seed=3"), "seed must not be given"),
        (("initializer=he",), "one factor, .* received none"),
        (("initializer=glorot,glorot_uniform",), "two make the same runs"),
        (("data=synthetic,digits",), "something else than data, received data=synthetic,digits"),
        (("model.dropout=0,.1,.2,.3,.4,.5,.6,.7,.8",), "2 to 8 levels, received 9"),
        (("seeds.order=0,1",), "which is a source of chance"),
        (("data.split_seed=0,1",), "which is a source of chance"),
        (("chance=order,all",), "which is a source of chance"),
        ((FACTOR, *HELD), "leave a source of chance to the seeds .*: initialization, order, split"),
        (("model.dropout=0,0.1", *HELD), "leave a source of chance to the seeds"),
        ((FACTOR, "until_settled=12"), "until_settled must be a multiple of 5, received 12"),
        ((FACTOR, "until_settled=20,40"), "a factor of a sweep must be a key of its runs"),
        ((FACTOR, "hydra/sweeper=tpe"), "must not stand beside hydra/sweeper=tpe"),
    ],
)
def test_what_is_no_question_about_one_factor_is_refused_with_the_reason(given, reason, tmp_path):
    arguments = ["--multirun", "until_settled=20", f"hydra.sweep.dir={tmp_path}"]
    with pytest.raises(ConfigError, match=reason) as refused:
        plan_command_line([*arguments, *SMALL, *given])
    assert "\n" not in str(refused.value)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("free", ["data.split_seed=null", "model.dropout=0.1"])
def test_one_source_of_chance_is_enough_to_add_seeds(free, tmp_path):
    arguments = ["--multirun", "until_settled=20", f"hydra.sweep.dir={tmp_path}", FACTOR]
    assert len(plan_command_line([*arguments, *SMALL, *HELD, free]).configs) == 15


def test_single_run_refuses_to_add_seeds():
    with pytest.raises(ConfigError, match="must be given to a sweep, received 20"):
        plan_command_line(["until_settled=20", *SMALL])


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (["until_settled=40"], "other until_settled, .*: 20, received 40"),
        (["until_settled=20", "initializer=glorot,he"], "other factor"),
        (["until_settled=20", "training.epochs=1"], "other configs, data or training code"),
    ],
)
def test_what_was_fixed_before_the_first_look_cannot_be_changed(given, what, settled):
    arguments = ["--multirun", *SMALL, FACTOR, f"hydra.sweep.dir={settled}"]
    if given[1:] and given[1].startswith("initializer"):
        arguments.remove(FACTOR)
    with pytest.raises(ConfigError, match=what):
        plan_command_line([*arguments, *given])


def test_dry_run_shows_the_looks_with_their_levels_and_writes_nothing(tmp_path, capsys):
    assert settle(tmp_path / "s", "dry_run=true", most=60) == []
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "3 comparisons of initializer, each until it is settled"
    assert lines[2].split() == ["5", "15", "0.00139", "0.00139"]
    assert lines[13].split() == ["60", "180", "0.00508", "0.00559"]
    assert lines[-1] == "15 runs, 0 done, 15 to train"
    assert not (tmp_path / "s").exists()


def test_report_of_an_unfinished_sweep_gives_the_command_that_goes_on(tmp_path):
    with pytest.raises(RuntimeError):
        settle(tmp_path, statuses={17: "failed"})
    answer = answer_of(found_in(tmp_path))
    assert answer.command is not None
    assert "until_settled=20" in answer.command
    assert any("2 of 3 comparisons settled so far" in line for line in answer.lines)
    settle(tmp_path)
    answer = answer_of(found_in(tmp_path))
    assert answer.command is None
    assert any(
        "20 at most" in line and "2 of 3 comparisons settled." in line for line in answer.lines
    )


def test_report_of_planned_looks_warns_of_no_look_and_of_no_missing_seed(settled_copy):
    plan.write_looks(settled_copy, {found_in(settled_copy).study.runs[0].record.run_key})
    found = found_in(settled_copy)
    assert not {each.code for each in fired(found)} & {"unequal-seeds", "seeds-added"}
    (told,) = [each for each in methods(found) if "planned every 5 seeds, up to 20" in each]
    assert "looked at once" not in told


def test_report_follows_the_looks_of_runs_in_nested_folders(tmp_path):
    settle(tmp_path, "hydra.sweep.subdir='${hydra.runtime.choices.initializer}/${seed}'")
    study = found_in(tmp_path).study
    assert study.settling is not None
    assert study.directory is not None
    looks = [settled_after for *_, settled_after in verdicts_of(tmp_path)]
    assert sorted(looks, key=str) == [5, 5, None]


def test_the_same_sweep_in_other_words_trains_nothing_again(settled_copy):
    assert settle(settled_copy, "note=again", "model=baseline") == []
    assert len(runs_of(settled_copy)) == 45


def test_a_command_that_is_given_again_says_what_each_look_had_settled(tmp_path, capsys):
    settle(tmp_path)
    with_all = capsys.readouterr().out
    settle(tmp_path)
    again = capsys.readouterr().out
    told = [line for line in with_all.splitlines() if line.startswith("after ")]
    assert told == [line for line in again.splitlines() if line.startswith("after ")]
    assert told[0] == "after 5 seeds: 2 of 3 comparisons settled"


def test_levels_without_effect_are_settled_at_the_first_look(tmp_path):
    batches = settle(tmp_path, accuracy_of=lambda run: 0.8 + run.config["seed"] / 300)
    assert [len(each) for each in batches] == [15]
    assert {(verdict, look) for *_, verdict, look in verdicts_of(tmp_path)} == {("identical", 5)}


def test_a_level_that_always_diverges_is_not_waited_for(tmp_path, capsys):
    lecun = {number: "diverged" for number in [*range(10, 15), *range(25, 30)]}
    batches = settle(tmp_path, statuses=lecun)
    assert [len(each) for each in batches] == [15, 15]
    assert "lecun and he: not compared, as one of them has no result" in capsys.readouterr().out
    (line,) = [each for each in answer_of(found_in(tmp_path)).lines if "by a plan" in each]
    assert line.endswith("1 of 3 comparisons settled.")


def test_the_command_that_goes_on_keeps_the_launcher(tmp_path):
    folder = tmp_path / "a, b"
    with pytest.raises(RuntimeError):
        settle(folder, "hydra/launcher=cores", statuses={17: "failed"})
    command = answer_of(found_in(folder)).command
    assert command is not None
    assert "hydra/launcher=cores" in command
    assert plan_command_line(shlex.split(command)[3:]).study.directory == folder


def test_a_comparison_of_too_few_seeds_is_told_without_an_interval(tmp_path, capsys):
    with pytest.raises(RuntimeError):
        settle(tmp_path, statuses={3: "failed"})
    said = capsys.readouterr().out
    assert "he and glorot: not settled with 4 of 20 seeds\n" in said
    assert "nan" not in said
