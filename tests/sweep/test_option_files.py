"""Option files of a folder of one's own are refused before Hydra reads them, at once, by name."""

import os
import time

import pytest
from planning import plan_command_line, show

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.errors import ConfigError
from fmnist_exp.sweep.explaining import check_option_files

BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(9)
)
UNREADABLE = {
    "bomb": (BOMB, r"its aliases must unfold to at most 10000 values"),
    "alias of itself": ("callbacks: &a {b: *a}\n", r"its aliases must unfold to at most"),
    "large": ("a: 1 " + "#" * 100_000, r"it must hold at most 100000 bytes, received 100005"),
    "no YAML": ("callbacks: [\n", r"UTF-8: line 2: expected the node content"),
    "no UTF-8": ("epochs: \udcff\n", r"invalid start byte in position 8\. Correct it"),
    "deep": ("a: " + "[" * 5000 + "]" * 5000, r"it is nested too deep"),
    "code": ("a: !!python/object/apply:os.system [true]\n", r"could not determine a constructor"),
    "twice": ("epochs: 1\nepochs: 2\n", r"UTF-8: line 2: found duplicate key epochs"),
    "list": ("- epochs: 1\n", r"it, and `hydra` in it, must be a mapping"),
    "no section": ("hydra: null\n", r"it, and `hydra` in it, must be a mapping"),
    "mark": ("\ufeffepochs: 1\n", r"it has a byte order mark"),
}


def folder_of(path, text):
    path.parent.mkdir(parents=True)
    path.write_text(text, errors="surrogateescape")
    return path.parent.parent


@pytest.mark.parametrize("name", UNREADABLE)
def test_E26_unreadable_option_is_refused_in_one_line(name, tmp_path):
    text, reason = UNREADABLE[name]
    folder = folder_of(tmp_path / "own" / "training" / "mine.yaml", text)
    with pytest.raises(ConfigError, match=rf"training/mine.yaml must be .*{reason}") as refused:
        plan_command_line(["--config-dir", str(folder), "training=mine"])
    assert "\n" not in str(refused.value)


REQUESTS = ([], ["--cfg", "job"], ["--info", "config"], ["--help"], ["--multirun"])


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("place", ["common.yaml", "training/mine.yaml", "training/sub/b.yaml"])
def test_E26_alias_bomb_is_refused_before_it_unfolds(request_, place, tmp_path):
    """Unfolded it would take 10 GB and minutes."""
    own = tmp_path / "own"
    folder_of(own / "training" / "mine.yaml", "defaults: [/common@c, sub/b@c]\n")
    (own / place).parent.mkdir(exist_ok=True)
    (own / place).write_text(BOMB)
    started = time.process_time()
    with pytest.raises(ConfigError, match="its aliases must unfold"):
        show(["--config-dir", str(own), "training=mine", *request_])
    assert time.process_time() - started < 2  # 0.1 s measured; unfolding takes minutes


FOUND_ELSEWHERE = {
    "training/smoke.yaml": "the name of a shipped option, .* Rename it my_smoke.yaml.",
    "training/mine.yml": "must end in .yaml, or Hydra passes it over. Rename it mine.yaml.",
    "optimizers/lion.yaml": "must have the name of a group, .* Rename it optimizer.",
    "Optimiser/lion.yml": "must have the name of a group, .* Rename it optimizer.",
}


@pytest.mark.parametrize("name", FOUND_ELSEWHERE)
def test_option_that_would_be_passed_over_is_refused(name, tmp_path):
    folder = folder_of(tmp_path / "own" / name, "epochs: 1\n")
    with pytest.raises(ConfigError, match=FOUND_ELSEWHERE[name]) as refused:
        plan_command_line(["--config-dir", str(folder), "training=smoke"])
    assert str(refused.value).startswith(f"{folder}/{name.partition('/')[0]}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["results/smoke.yaml", "old_model/x.yml", "training/notes.txt"])
def test_files_that_are_no_options_may_lie_beside_them(name, tmp_path):
    folder = folder_of(tmp_path / "own" / name, "[")
    show(["--config-dir", str(folder), "--cfg", "job"])


def test_shipped_folder_may_be_named_as_ones_own():
    show(["--config-dir", str(CONFIG_DIR), "--cfg", "job"])


def test_pipe_in_a_group_is_refused_and_not_waited_for(tmp_path):
    folder = folder_of(tmp_path / "own" / "training" / "mine.yaml", "epochs: 1\n")
    os.mkfifo(folder / "training" / "pipe.yaml")
    with pytest.raises(ConfigError, match=r"pipe.yaml must be .* it is not a regular file"):
        plan_command_line(["--config-dir", str(folder), "training=pipe"])


CHOSEN = {
    "training=sub/b": "training/sub/b.yaml",
    "hydra/launcher=b": "hydra/launcher/b.yaml",
    "+mygroup=b": "mygroup/b.yaml",
    "experiment=whole": "optimizer/b.yaml",
}


@pytest.mark.parametrize("override", CHOSEN)
def test_E26_option_is_checked_wherever_it_lies(override, tmp_path):
    experiment = "# @package _global_\nhydra: {sweeper: {params: {optimizer: 'adam,b'}}}\n"
    folder = folder_of(tmp_path / "own" / "experiment" / "whole.yaml", experiment)
    (folder / CHOSEN[override]).parent.mkdir(parents=True)
    (folder / CHOSEN[override]).write_text(BOMB)
    with pytest.raises(ConfigError, match=rf"{CHOSEN[override]} must be .* aliases must unfold"):
        plan_command_line(["--config-dir", str(folder), "--multirun", override])


def test_unknown_name_in_the_defaults_of_an_option_is_said_to_stand_there(tmp_path):
    folder = folder_of(tmp_path / "own" / "training" / "mine.yaml", "defaults: [sub/nope]\n")
    with pytest.raises(ConfigError) as refused:
        plan_command_line(["--config-dir", str(folder), "training=mine"])
    assert str(refused.value) == (
        "training/sub must name an option, received 'nope' in the defaults of training/mine."
    )


def test_files_that_nobody_chose_take_no_time_and_may_be_broken(tmp_path):
    folder = folder_of(tmp_path / "own" / "training" / "mine.yaml", "epochs: 1\n")
    (folder / "training" / "broken.yaml").write_text("[")
    for number in range(1000):
        (folder / "training" / f"run{number}.yaml").write_text("epochs: 1\n" * 50)
    started = time.process_time()
    check_option_files([folder], ["training=mine"])
    assert time.process_time() - started < 0.5  # 0.05 s measured


def test_large_tree_that_holds_no_options_is_not_read(tmp_path):
    folder = folder_of(tmp_path / "own" / "training" / "mine.yaml", "epochs: 1\n")
    folder_of(folder / "training" / "deeper" / "still" / "other.yaml", BOMB)
    folder_of(folder / "results" / "notes" / "bomb.yaml", BOMB)
    show(["--config-dir", str(folder), "training=mine", "--cfg", "job"])
