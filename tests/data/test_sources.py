"""The chain of places is walked in order, verified at each step, and never half-written."""

import gzip
import io
import os
import shutil
import subprocess

import numpy as np
import pytest
from conftest import command
from idx_files import NAMES, write_idx

from fmnist_exp.data import sources
from fmnist_exp.data.idx import sha256_of_idx
from fmnist_exp.errors import DataError


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A data set of 20 + 10 tiny images in place of the real one; returns a folder with it."""
    generator = np.random.default_rng(0)
    arrays = {
        NAMES[0]: generator.integers(0, 256, (20, 2, 2), dtype=np.uint8),
        NAMES[1]: np.arange(20, dtype=np.uint8) % 10,
        NAMES[2]: generator.integers(0, 256, (10, 2, 2), dtype=np.uint8),
        NAMES[3]: np.arange(10, dtype=np.uint8),
    }
    folder = tmp_path / "good"
    folder.mkdir()
    for name, array in arrays.items():
        write_idx(folder / f"{name}.gz", array)
        monkeypatch.setitem(sources.SHAPES, name, array.shape)
        monkeypatch.setitem(sources.SHA256, name, sha256_of_idx(array))
    monkeypatch.setattr(sources, "DEBIAN_DIR", tmp_path / "debian")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(sources.urllib.request, "urlopen", offline)
    monkeypatch.setattr(sources.subprocess, "run", without_apt)
    return folder


def offline(url, timeout):
    raise OSError("network is unreachable")


def without_apt(command, **_):
    raise FileNotFoundError(2, "No such file or directory", command[0])


class Response(io.BytesIO):
    """What a web server answers."""

    def __init__(self, content, url):
        super().__init__(content)
        self.url = url


def serve(folder, monkeypatch, *, url=None, change=lambda content: content):
    def answer(asked, timeout):
        return Response(change((folder / asked.rpartition("/")[2]).read_bytes()), url or asked)

    monkeypatch.setattr(sources.urllib.request, "urlopen", answer)


def test_given_folder_is_used(small):
    found = sources.find(small)
    assert (found.source, found.path) == ("data.dir", small)
    assert found.arrays[1].dtype == np.int32


def test_given_folder_is_not_replaced_by_another_place(small, tmp_path):
    shutil.copytree(small, sources.cache_dir())
    with pytest.raises(DataError, match=r"cannot read the folder .*elsewhere"):
        sources.find(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["train-images.idx3-ubyte"], "holds 'train-images.idx3-ubyte'. .* Give the files these"),
        (["train.csv", "x/y"], "holds 'train.csv', 'x/'. .* Give the files these"),
        ([f"mine/{name}" for name in NAMES], "holds 'mine/'. .* Give the files these"),
        (NAMES[1:], f"no /.*/{NAMES[0]}, with .* Give the files these"),
        ([], "holds nothing. "),
        ([f"{n:02}" for n in range(12)], "'09' and 2 more. "),
    ],
    ids=["other spelling", "CSV", "folder below", "one missing", "empty", "many"],
)
def test_case_10_folder_with_other_names_says_what_it_holds_and_what_is_looked_for(
    tmp_path, files, message
):
    folder = tmp_path / "given"
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    folder.mkdir(exist_ok=True)
    with pytest.raises(DataError, match=message) as caught:
        sources.find(folder)
    assert all(name in str(caught.value) for name in NAMES)


def test_case_10_folder_that_is_not_there_is_said_to_be_so(tmp_path):
    with pytest.raises(
        DataError, match=f"^cannot read the folder {tmp_path}/nowhere: No such .* must hold"
    ):
        sources.find(tmp_path / "nowhere")


def test_cache_comes_before_debian(small):
    shutil.copytree(small, sources.DEBIAN_DIR)
    assert sources.find().source == "Debian's package"
    shutil.copytree(small, sources.cache_dir())
    assert sources.find().source == "cache"


def test_folder_that_cannot_be_looked_into_is_refused(tmp_path):
    """Python's Path.exists raises where the system does not let it look."""
    with pytest.raises(DataError, match=r"cannot read the folder .*x: File name too long"):
        sources.find(tmp_path / ("x" * 300))


def test_uncompressed_files_are_read(small, tmp_path):
    for path in small.iterdir():
        (tmp_path / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    assert sources.find(tmp_path).path == tmp_path


def test_D23_download_lands_in_the_cache_once(small, monkeypatch):
    serve(small, monkeypatch)
    assert sources.find().source == "download"
    monkeypatch.setattr(sources.urllib.request, "urlopen", offline)
    assert sources.find().source == "cache"


@pytest.mark.parametrize("damaged", [f"{NAMES[1]}.gz", NAMES[1]])
def test_D23_corrupt_cache_is_replaced(small, monkeypatch, damaged):
    shutil.copytree(small, sources.cache_dir())
    (sources.cache_dir() / damaged).write_bytes(b"rubbish")
    serve(small, monkeypatch)
    assert sources.find().source == "download"
    assert sources.find().source == "cache"


def homeless(*_, **__):
    raise RuntimeError("could not determine the home directory")


@pytest.mark.parametrize("home", ["none", "read-only"])
def test_without_a_home_the_copy_is_used_but_not_kept(home, small, monkeypatch, tmp_path, caplog):
    """Root may write anywhere, so a file stands where a folder is needed."""
    if home == "none":
        monkeypatch.setattr(sources, "user_cache_path", homeless)
    (tmp_path / "cache").write_text("")
    serve(small, monkeypatch)
    found = sources.find()
    assert (found.source, len(found.arrays[0])) == ("download", 20)
    assert "Fashion-MNIST is not kept for later processes: " in caplog.text
    monkeypatch.setattr(sources.urllib.request, "urlopen", offline)
    shutil.copytree(small, sources.DEBIAN_DIR)
    assert sources.find().source == "Debian's package"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_home_that_may_not_be_entered_is_no_home(tmp_path):
    """As under `docker run --user` with HOME=/root: even to ask what lies there is refused."""
    (tmp_path / "home").mkdir(mode=0o700)
    said = (
        "import os; from fmnist_exp.data import sources; os.setuid(64101); "
        "sources.find(fetch=False)"
    )
    result = command("-c", said, HOME=str(tmp_path / "home"), XDG_CACHE_HOME="", TMPDIR="/tmp")
    home = tmp_path / "home/.cache/fmnist_exp/fashion-mnist"
    assert f"  cache: cannot read the folder {home}: Permission denied. " in result.stderr


def test_D23_processes_that_fetch_at_the_same_time_do_not_hinder_each_other(small):
    """Another process puts its copy in place while this one fetches, and finds this one's there."""

    def fetch(folder):
        shutil.copytree(small, folder, dirs_exist_ok=True)
        if fetch.depth:
            fetch.depth -= 1
            sources._fetched(fetch)

    fetch.depth = 2
    assert sources._fetched(fetch)[0] == sources.cache_dir()
    assert sorted(path.name for path in sources.cache_dir().iterdir()) == sorted(
        path.name for path in small.iterdir()
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-1], "it cannot be read or unpacked: Compressed file ended"),
        (lambda content: content + b"x", "it cannot be read or unpacked"),
        (lambda content: b"<html>", "it cannot be read or unpacked"),
        (lambda content: gzip.compress(bytes(10**6), 0), "it must"),
    ],
    ids=["short", "long", "html", "huge"],
)
def test_D23_wrong_download_leaves_no_trace(small, monkeypatch, change, message):
    serve(small, monkeypatch, change=change)
    with pytest.raises(DataError, match=f"download: https://.*/{NAMES[0]}.gz: .*{message}"):
        sources.find()
    assert not sources.cache_dir().exists()


def test_D23_redirect_away_from_https_is_refused(small, monkeypatch):
    serve(small, monkeypatch, url="http://example.org/x")
    with pytest.raises(DataError, match=r"redirected to http://example\.org/x, which is not https"):
        sources.find()


def test_D23_message_lists_every_place_and_the_repair(small):
    with pytest.raises(DataError) as caught:
        sources.find()
    message = str(caught.value)
    for part in (
        "cache:",
        "Debian's package:",
        "unreachable",
        "apt-get: [Errno 2] No such file or directory: 'apt-get'",
    ):
        assert part in message
    assert "pass data.dir=FOLDER" in message


def test_D22_foreign_images_are_refused_by_hash(small):
    write_idx(small / f"{NAMES[0]}.gz", np.zeros((20, 2, 2)))
    with pytest.raises(DataError, match=r"train-images.* must have sha256 .* not Fashion-MNIST"):
        sources.find(small)


def test_D22_labels_out_of_range_are_refused(small):
    write_idx(small / f"{NAMES[1]}.gz", np.full(20, 255))
    with pytest.raises(DataError, match=r"train-labels.* must have sha256"):
        sources.find(small)


def test_D22_counts_that_disagree_are_refused(small):
    write_idx(small / f"{NAMES[1]}.gz", np.zeros(19))
    with pytest.raises(
        DataError, match=r"train-labels.*header of bytes in the shape \(20,\), .* received"
    ):
        sources.find(small)


def test_apt_uses_lists_of_its_own(small, monkeypatch):
    """A fresh machine has no package lists, and without root no way to fetch the common ones."""
    commands = []

    def fake(*command, cwd):
        commands.append(command)
        if "download" in command:
            (cwd / "package.deb").write_bytes(b"")
        if command[0] == "dpkg-deb":
            shutil.copytree(small, cwd / sources.DEBIAN_DIR.relative_to("/"))

    monkeypatch.setattr(sources, "_run", fake)
    assert sources.find().source == "apt-get"
    assert [command[-1] for command in commands[:2]] == ["update", sources.DEBIAN_PACKAGE]
    assert all("Dir::State::lists" in " ".join(command) for command in commands[:2])
    assert sources.find().source == "cache"


def test_failing_command_is_reported_with_its_last_line(monkeypatch, tmp_path):
    failed = subprocess.CompletedProcess((), 100, "", "W: first\nE: no such package")
    monkeypatch.setattr(sources.subprocess, "run", lambda *args, **kwargs: failed)
    with pytest.raises(DataError, match=r"apt-get download x: E: no such package"):
        sources._run("apt-get", "download", "x", cwd=tmp_path)
