"""The benchmark measures what it says, and a peer that dies is named."""

import importlib
import re
import sys

import numpy as np
import pytest
from conftest import ROOT
from study import found_in

from fmnist_exp import data


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
    peer = dying("print('epoch', flush=True); input(); print(0.5, flush=True); raise SystemExit(4)")
    assert peer.kinds() == ["epoch"]
    assert peer.seconds("epoch") == 0.5
    with pytest.raises(RuntimeError, match="the peer keras ended with exit status 4"):
        peer.seconds("epoch")
    peer.stop()


def test_peers_are_measured_in_turn_in_several_processes(module, monkeypatch):
    """Two peers, and every process a little slower than the one before."""
    bench, asked, started = module("bench"), [], []

    class Peer:
        def __init__(self, name, model):
            self.name = name
            started.append(name)
            self.number = len(started)

        def kinds(self):
            return ["epoch"]

        def seconds(self, kind):
            asked.append(self.name)
            return self.number

        def stop(self):
            asked.append("stop")

    monkeypatch.setattr(bench, "Peer", Peer)
    monkeypatch.setattr(bench, "ROUNDS", 3)
    monkeypatch.setattr(bench, "peer_names", lambda model: ["a", "b"])
    assert bench.measure_epochs("baseline") == {"a epoch": 3, "b epoch": 4}
    assert asked == ["a", "a", "a", "stop", "b", "b", "b", "stop"] * 3


@pytest.fixture
def products(module, tiny_config):
    """The floor's products, and the images: three batches of 48 and a last one of 16."""
    config = tiny_config()
    splits = data.load(config.data)
    return module("peers").products_of_an_epoch(config, splits), splits.train.images / 255


def test_floor_multiplies_every_batch_of_an_epoch_in_full(products):
    from fmnist_exp.engine.backend import tf

    compute, images = products
    generator = np.random.default_rng(0)
    first = generator.normal(0, 64**-0.5, (64, 16))
    second = generator.normal(0, 16**-0.5, (16, 10))
    expected = []
    for batch in (images[96:144], images[144:160]):
        hidden = batch @ first
        scores = hidden @ second
        expected += [batch.T @ (scores @ second.T), hidden.T @ scores]
    for compiled in (False, True):
        for received, gradient in zip(
            tf.function(compute, jit_compile=compiled)(), expected, strict=True
        ):
            np.testing.assert_allclose(received, gradient, rtol=1e-4, atol=1e-4)


def test_compiler_narrows_no_product_of_the_floor(products):
    """In a step of the loop and after it: 2 products forward, 2 for kernels, 1 for inputs."""
    from fmnist_exp.engine.backend import tf

    compiled = tf.function(products[0], jit_compile=True)
    text = compiled.experimental_get_compiler_ir()(stage="optimized_hlo")
    shapes = sorted(re.findall(r"f32(\[\d+,\d+\])\S* dot\(", text))
    of_a_step = ["[{0},16]", "[{0},10]", "[16,10]", "[{0},16]", "[64,16]"]
    assert shapes == sorted(shape.format(size) for size in (48, 16) for shape in of_a_step)


def test_synthetic_study_is_a_study(module, tmp_path):
    """Ten seeds for each condition, and every run with files of its own but its predictions."""
    module("scale").write_study(tmp_path / "s", 20)
    found = found_in(tmp_path / "s")
    assert [len(condition.runs) for condition in found.conditions] == [10, 10]
    assert found.without_predictions == []
    assert found.study.table["test_accuracy"].nunique() > 10


def test_cost_of_a_report_is_measured_with_its_page(module):
    cost = module("scale").measure(10)
    assert 0 < cost.seconds < 300
    assert cost.megabytes > 50
    assert 0 < cost.page_megabytes < 2


def test_single_run_is_measured_with_its_figures(module, monkeypatch, tmp_path, capsys):
    """The figures' libraries are part of a single run's peak; a sweep's runs draw none."""
    memory, drawn = module("memory"), []
    monkeypatch.setattr(
        memory.runner, "run", lambda *arguments, figures: drawn.append(figures) or None
    )
    for num_runs in ("1", "2"):
        monkeypatch.setattr(sys, "argv", ["memory.py", str(tmp_path), num_runs])
        memory.main()
    assert drawn == [True, False, False]
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
