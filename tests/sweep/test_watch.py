"""A sweep is watched by its run directories: counts, time left, and the runs under way."""

import pytest
from conftest import epoch_of
from study import change_record, write_run

from fmnist_exp.rundir.plan import PlannedRun
from fmnist_exp.rundir.presence import working_in
from fmnist_exp.rundir.tables import write_history
from fmnist_exp.sweep import watch as watch_module
from fmnist_exp.sweep.watch import Watch

CONFIG = {"initializer": {"name": "he_normal"}, "optimizer": {}, "data": {}, "seed": 3}


def planned(number, *overrides, directory=None, values=None):
    return PlannedRun(
        number=number,
        directory=directory or str(number),
        overrides=overrides or ("initializer=he", f"seed={number}"),
        config=CONFIG,
        values=values or {},
    )


def watch_of(folder, num_runs):
    return Watch(folder, [planned(number) for number in range(num_runs)])


@pytest.fixture
def watch(tmp_path):
    return watch_of(tmp_path, 6)


def test_case_sweeps_end_every_end_of_a_run_is_counted_and_told(watch, tmp_path):
    write_run(tmp_path / "0", accuracy=0.8)
    write_run(tmp_path / "1")
    change_record(tmp_path / "1", lambda values: values.update(reused=True))
    write_run(tmp_path / "2", status="diverged", num_epochs=3)
    write_run(tmp_path / "3", status="failed")
    write_run(tmp_path / "4")
    (tmp_path / "4" / "run.json").write_text("{")
    lines = list(watch.look())
    assert lines[:4] == [
        "run 0  seed=0  completed  test 0.8000  validation 0.8000  2.0 s",
        "run 1  seed=1  reused  test 0.8000  validation 0.8000",
        "run 2  seed=2  diverged in epoch 3",
        "run 3  seed=3  failed (E: m)",
    ]
    assert lines[4].startswith("run 4  seed=4  unreadable (cannot read ")
    assert watch.tally() == "3 of 6 runs finished, 2 failed, 1 reused"
    assert list(watch.look()) == []


def test_record_of_an_earlier_sweep_in_the_same_place_is_no_end(tmp_path):
    write_run(tmp_path / "0")
    watch = watch_of(tmp_path, 1)
    assert list(watch.look()) == []
    (tmp_path / "0" / "run.json").rename(tmp_path / "former")
    write_run(tmp_path / "new")
    (tmp_path / "new" / "run.json").rename(tmp_path / "0" / "run.json")
    assert len(list(watch.look())) == 1


def test_trials_that_have_ended_count_as_reused_when_a_study_goes_on(tmp_path):
    for number, status in enumerate(("completed", "pruned", "interrupted")):
        write_run(tmp_path / str(number), status=status)
        change_record(tmp_path / str(number), lambda values: values.update(config=CONFIG))
    values = {"model.dropout": "0.1"}
    watch = Watch(tmp_path, [planned(number, values=values) for number in range(4)], 4)
    assert list(watch.look()) == []
    assert watch.tally() == "2 of 4 runs finished, 2 reused"


@pytest.mark.parametrize(
    ("trained_at", "now", "left"),
    [
        ([], 30.0, []),  # all so far were reused
        ([20.0], 20.0, ["about 2 min left"]),
        ([20.0], 40.0, ["about 80 s left"]),
        ([0.15], 0.15, []),  # below a second
        ([20.0, 25.0, 30.0], 30.0, ["about 30 s left"]),
        ([20.0, 10_820.0], 10_820.0, ["about 6.0 h left"]),
    ],
)
def test_time_left_follows_from_the_runs_that_were_trained(
    tmp_path, trained_at, now, left, monkeypatch
):
    clock = [0.0]
    monkeypatch.setattr(watch_module.time, "monotonic", lambda: clock[0])
    watch = watch_of(tmp_path, 6)
    for number, clock[0] in enumerate(trained_at):
        write_run(tmp_path / str(number))
        list(watch.look())
    clock[0] = now
    assert watch.time_left() == left


def test_case_O3_stopped_sweep_says_once_to_give_the_same_command_again(watch, tmp_path):
    write_run(tmp_path / "0")
    write_run(tmp_path / "1", status="interrupted")
    change_record(tmp_path / "1", lambda values: values.update(error=None))
    list(watch.look())
    assert watch.tally() == "1 of 6 runs finished"  # none has failed
    assert watch.without_result([]) == [
        "1 interrupted, 4 not begun: to go on, give the same command again"
    ]


def test_case_O3_failed_runs_are_named_with_the_command_that_repeats_each(watch, tmp_path):
    for number in range(6):
        write_run(tmp_path / str(number), status="failed" if number in (2, 4) else "completed")
    list(watch.look())
    assert watch.without_result([]) == [
        f"failed (E: m): {tmp_path / '2'}",
        "  repeat it: python -m fmnist_exp.train initializer=he seed=2",
        f"failed (E: m): {tmp_path / '4'}",
        "  repeat it: python -m fmnist_exp.train initializer=he seed=4",
    ]


def test_case_O3_many_failures_do_not_fill_the_terminal(tmp_path):
    watch = watch_of(tmp_path, 13)
    for number in range(12):
        write_run(tmp_path / str(number), status="failed")
    list(watch.look())
    lines = watch.without_result([])
    assert len([line for line in lines if "repeat it" in line]) == 10
    assert lines[-2:] == [
        "and 2 more runs without a result",
        "1 not begun: to go on, give the same command again",
    ]


def test_case_sweeps_end_run_without_a_record_has_failed(watch, tmp_path):
    write_run(tmp_path / "0")
    (tmp_path / "1" / ".hydra").mkdir(parents=True)
    assert len(list(watch.look())) == 1
    assert list(watch.look(last=True)) == [
        "run 1  seed=1  ended without a record; its log may say why"
    ]
    assert watch.tally() == "1 of 6 runs finished, 1 failed"
    assert watch.without_result([]) == [
        f"ended without a record; its log may say why: {tmp_path / '1'}",
        "  repeat it: python -m fmnist_exp.train initializer=he seed=1",
        "4 not begun: to go on, give the same command again",
    ]


def test_result_of_an_earlier_sweep_in_the_same_place_is_no_result_of_this_one(tmp_path):
    write_run(tmp_path / "0")
    watch = watch_of(tmp_path, 1)
    assert watch.without_result([]) == ["1 not begun: to go on, give the same command again"]


def test_result_that_comes_after_the_last_look_is_no_missing_one(watch, tmp_path):
    for number in range(5):
        write_run(tmp_path / str(number))
    list(watch.look())
    write_run(tmp_path / "5")
    assert watch.without_result([]) == []


def test_runs_under_way_are_those_that_a_process_trains(watch, tmp_path):
    with working_in(tmp_path / "1", wait=False), working_in(tmp_path / "2", wait=False):
        write_history(tmp_path / "1", [epoch_of(1), epoch_of(2, validation_accuracy=0.5)])
        (tmp_path / "2" / "history.csv").write_text("epo")
        (tmp_path / "3").mkdir()
        write_history(tmp_path / "3", [epoch_of(1)])  # of a process that was killed
        assert watch.running() == {1: (2, 0.5)}
    assert watch.running() == {}


@pytest.mark.parametrize(
    ("runs", "names"),
    [
        (
            (
                ("initializer=he", "optimizer.config.learning_rate=0.1", "seed=0", "data=digits"),
                (
                    "initializer=glorot",
                    "optimizer.config.learning_rate=0.1",
                    "seed=1",
                    "data=digits",
                ),
            ),
            ["run 0  he seed=0", "run 1  glorot seed=1"],
        ),
        (
            (("optimizer.config.learning_rate=0.1",), ("optimizer.config.learning_rate=0.2",)),
            ["run 0  learning_rate=0.1", "run 1  learning_rate=0.2"],
        ),
        ((("seed=3",),), ["run 0 "]),  # nothing tells it apart
        (
            (("model.hidden=[64,64,64]",), ("model.hidden=[64,64,128]",)),
            ["run 0  hidden=64x3", "run 1  hidden=[64,64,128]"],
        ),
    ],
)
def test_names_tell_runs_apart_in_short(runs, names, tmp_path):
    watch = Watch(tmp_path, [planned(number, *run) for number, run in enumerate(runs)])
    assert [watch.name_of(number) for number in range(len(runs))] == names


def test_runs_lie_where_the_plan_says(tmp_path):
    watch = Watch(tmp_path, [planned(0, directory="he/seed 0")])
    write_run(tmp_path / "he" / "seed 0", status="failed")
    assert len(list(watch.look())) == 1
    assert watch.without_result(["--config-dir", "own"]) == [
        f"failed (E: m): {tmp_path / 'he' / 'seed 0'}",
        "  repeat it: python -m fmnist_exp.train --config-dir own initializer=he seed=0",
    ]


def test_runs_that_are_planned_later_are_counted_from_the_beginning(tmp_path):
    watch = Watch(tmp_path, [], num_runs=3)
    assert watch.tally() == "0 of 3 runs finished"
    watch.add(planned(0, values={"initializer": "he", "model.dropout": "0.1"}))
    write_run(tmp_path / "0")
    assert next(watch.look()).startswith("run 0  he dropout=0.1  completed ")
    assert watch.without_result([]) == ["2 not begun: to go on, give the same command again"]
