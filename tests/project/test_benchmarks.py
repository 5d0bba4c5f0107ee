"""The benchmark measures what it says, and a peer that dies is named."""

import importlib
import sys

import numpy as np
import pytest
from conftest import ROOT, config_of
from study import found_in

from fmnist_exp.data import loading


@pytest.fixture
def module(monkeypatch):
    """Imports one of the benchmark's scripts."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module


@pytest.fixture
def dying(module, monkeypatch, tmp_path):
    """A peer whose script is given."""

    def start(script):
        bench = module("bench")
        (tmp_path / "peers.py").write_text(script)
        monkeypatch.setattr(bench, "HERE", tmp_path)
        return bench.Peer("keras", "baseline")

    return start


def test_peer_that_dies_while_it_compiles_is_named(dying):
    peer = dying("raise SystemExit(3)")
    expected = rf"the peer keras ended with exit status 3.*{sys.executable} .*peers.py keras base"
    with pytest.raises(RuntimeError, match=expected):
        peer.kinds()
    peer.stop()


def test_peer_that_dies_between_epochs_is_named(dying):
    peer = dying("print('[\"epoch\"]', flush=True); input(); print('warm', flush=True); exit(4)")
    assert peer.kinds() == ["epoch"]
    with pytest.raises(RuntimeError, match="the peer keras ended with exit status 4"):
        peer.measure("epoch")
    peer.stop()


@pytest.fixture
def bench(module, monkeypatch):
    """The benchmark, on a processor of which every look finds the next of `peaks`."""
    bench = module("bench")
    bench.found = []
    monkeypatch.setattr(bench.peak, "gflops", lambda: bench.found.pop(0))
    return bench


def test_peers_are_measured_in_turn_in_several_processes(bench, monkeypatch):
    """Two peers, and every process a little slower than the one before."""
    asked = []

    class Peer:
        number = 0

        def __init__(self, name, model):
            self.name = name
            Peer.number += 1

        def kinds(self):
            return ["epoch", "training"]

        def measure(self, kind):
            asked.append(self.name)
            return bench.Round([Peer.number], (100, 100))

        def stop(self):
            asked.append("stop")

    monkeypatch.setattr(bench, "Peer", Peer)
    monkeypatch.setattr(bench, "peer_names", lambda model: ["a", "b"])
    rounds = bench.measure_epochs("baseline")
    assert [each.seconds for each in rounds["a epoch"]] == [[1], [3], [5]]
    assert [each.seconds for each in rounds["b training"]] == [[2], [4], [6]]
    assert asked == ["a", "a", "stop", "b", "b", "stop"] * 3


@pytest.mark.parametrize(
    ("peaks", "kept"),
    [
        ([300, 320], (300, 320)),
        ([300, 150, 310, 300], (310, 300)),
        ([300, 150, 300, 200, 300, 100, 300, 120], (300, 200)),
    ],
)
def test_round_whose_peaks_differ_is_repeated(bench, dying, peaks, kept):
    """At last the one whose peaks differ least counts."""
    peer = dying("while input(): print('warm', flush=True); input(); print('[2.0]', flush=True)")
    bench.found[:] = peaks
    assert bench._steady(peer, "epoch") == bench.Round([2.0], kept)
    assert bench.found == []
    peer.stop()


def test_epochs_are_stated_as_a_share_of_the_peak(bench, monkeypatch):
    """Half a second for 50 GFLOP on a processor of 200 GFLOP/s is half of what it can do."""
    monkeypatch.setattr(bench, "work_of", lambda model: 50)
    steady = bench.Round([0.5, 0.5, 2.0], (190, 210))
    lines = bench.epoch_lines("baseline", {"fmnist_exp epoch": [steady], "keras epoch": [steady]})
    assert "| keras epoch | 0.500 | 50 | 1.00 |" in lines
    assert "Peak of the processor: 200 GFLOP/s (190 to 210)" in lines[2]


@pytest.mark.parametrize(("model", "gflop"), [("baseline", 48.3), ("regularized", 120.2)])
def test_nominal_work_is_that_of_the_matrix_products(module, model, gflop):
    config = config_of(f"model={model}")
    assert module("peak").gflop_of_an_epoch(config, 48000, 784) == pytest.approx(gflop, abs=0.05)


def test_peak_is_a_number_of_every_thread(module, monkeypatch):
    """A timing is no subject of a test; that it can be compiled and read is."""
    peak = module("peak")
    for count in (1, 3):
        monkeypatch.setattr(peak, "available_threads", lambda count=count: count)
        assert 0 < peak.gflops() < float("inf")


def test_epochs_8_to_12_count(module):
    """Moments fade below the least normal number after two epochs and more."""
    peers, done = module("peers"), []
    timed = peers.repeated(lambda: done.append(1))(lambda: done.append("pause"))
    assert done == [1] * 7 + ["pause"] + [1] * 5
    assert len(timed) == 5


def test_dead_units_of_the_benchmark_answer_0_and_have_moments(module, tiny_config):
    from fmnist_exp.engine.keras_private import moments
    from fmnist_exp.engine.programs import Program

    config = tiny_config("model.hidden=[6,4]")
    splits = loading.load(config.data)
    program = Program(config, splits)
    module("peers").kill_half(program)
    first = program.plain.layers[0](splits.train.images / 255).numpy()
    assert (first[:, ::2] == 0).all()
    assert (first[:, 1::2] > 0).any()
    kernel = program.plain.layers[0].kernel
    moment, _ = moments(program.trainer.optimizer, program.plain.trainable_variables)[id(kernel)]
    assert (moment.numpy()[:, ::2] > 0).all()


def test_synthetic_study_is_a_study(module, tmp_path):
    """Ten seeds for each condition, and every run with files of its own but its predictions."""
    module("scale").write_study(tmp_path / "s", 20)
    found = found_in(tmp_path / "s")
    assert [len(condition.runs) for condition in found.study.measured] == [10, 10]
    assert all(run.has_predictions for each in found.study.measured for run in each.runs)
    assert found.study.table["test_accuracy"].nunique() > 10


@pytest.mark.slow
def test_cost_of_a_report_is_measured_with_its_page(module):
    cost = module("scale").measure(10)
    assert 0 < cost.seconds < 300
    assert cost.megabytes > 50
    assert 0 < cost.page_megabytes < 2


def test_single_run_is_measured_with_its_figures(module, monkeypatch, tmp_path, capsys):
    """The figures' libraries are part of a single run's peak; a sweep's runs draw none."""
    memory, drawn = module("memory"), []
    monkeypatch.setattr(memory.runner, "run", lambda *arguments: None)
    monkeypatch.setattr(memory, "draw_figures", lambda run_dir: drawn.append(run_dir.name))
    for num_runs in ("1", "2"):
        monkeypatch.setattr(sys, "argv", ["memory.py", str(tmp_path), num_runs])
        memory.main()
    assert drawn == ["0"]
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_long_sweep_compares_its_ends_after_the_warm_up(module):
    """Runs of 100 s in the warm-up, then of 1 s, the last twenty of 2 s; 3 MB more after each."""
    long_sweep = module("long_sweep")
    durations = [100.0] * 9 + [1.0] * 171 + [2.0] * 20
    times = np.cumsum([50.0, *durations[:-1]])
    ends = [long_sweep.End(time, 1000 + 3 * n) for n, time in enumerate(times)]
    assert len(ends) == 200
    told = long_sweep.summary(ends)
    assert "takes 1.00 s among the first 20 and 2.00 s among the last (2.00 times as long)" in told
    assert "resident memory grows by 3.00 MB a run, from 1027 to 1597 MB" in told


@pytest.mark.slow
def test_long_sweep_watches_every_run_of_the_command(module):
    ends = module("long_sweep").watch(3, ("data=synthetic", "training=smoke"))
    assert len(ends) == 3
    assert min(end.megabytes for end in ends) > 200  # TensorFlow alone takes more


def test_rate_beyond_start_up_leaves_out_the_first_run_of_each_process(module, monkeypatch):
    """On two cores; a launcher that starts all runs at once has no others."""
    benchmark = module("launchers")
    monkeypatch.setattr(benchmark, "cpu_count", lambda: 2)
    ends = [10.0, 11.0, 20.0, 21.0]
    assert benchmark._beyond(ends, "none") == pytest.approx(3600 * 3 / 11)
    assert benchmark._beyond(ends, "cores") == pytest.approx(3600 * 2 / 10)
    assert benchmark._beyond(ends, "here_submitit") is None
