"""The C code is compiled, kept and loaded wherever it can be; else the true reason is given."""

import ctypes
import re
from pathlib import Path

import pytest

from fmnist_exp import machine
from fmnist_exp.engine.native import c_library

SOURCE = c_library.SOURCE


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """An empty cache, a source that is compiled in no time, no library of another test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "epoch.c").write_text("int train_epoch(void *epoch) { return !epoch; }\n")
    monkeypatch.setattr(c_library, "SOURCE", tmp_path / "epoch.c")
    c_library.load.cache_clear()
    return tmp_path / "cache" / "fmnist_exp" / "engine"


@pytest.fixture
def compiler(monkeypatch, tmp_path):
    """Sets CC to a script, which may refuse arguments or claim a version, and else is cc."""

    def write(before):
        script = tmp_path / "compiler"
        script.write_text(f'#!/bin/sh\n{before}\nexec cc "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("CC", str(script))
        c_library.load.cache_clear()

    return write


@pytest.fixture
def noexec(monkeypatch):
    """Lets nothing be loaded from below these folders, as if they were mounted noexec."""

    def mount(*folders):
        def load(path):
            if any(Path(path).is_relative_to(folder) for folder in folders):
                raise OSError(f"{path}: failed to map segment: Operation not permitted")
            return real(path)

        real = ctypes.CDLL
        monkeypatch.setattr(ctypes, "CDLL", load)

    return mount


def works(library):
    """Whether it is a library with what trainer.py calls."""
    return not isinstance(library, str) and library.train_epoch is not None


def says(version):
    """A compiler of this version."""
    return f'[ "$1" = --version ] && {{ echo {version}; exit; }}'


def test_compiler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    reason = r"no C compiler was found \(looked for no-such-compiler\); .*apt-get install gcc"
    assert re.search(reason, c_library.load("float32"))


def test_compiler_that_fails_is_quoted(compiler):
    compiler("echo 'fatal: no header' >&2; exit 3")
    assert re.search(
        "ended with exit status 3, with -march=native .*: fatal: no header; install",
        c_library.load("float32"),
    )


@pytest.fixture
def processor(monkeypatch, tmp_path):
    """Sets the flags of the processor that /proc/cpuinfo tells of."""

    def write(*flags):
        (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: fpu {' '.join(flags)}\n")
        monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
        c_library.load.cache_clear()

    return write


def refuses(*options):
    """A compiler that knows none of these options."""
    cases = "|".join(f'*"{option}"*' for option in options)
    return f'case "$*" in {cases}) echo "bad value: {options[0]}" >&2; exit 1;; esac'


def notes(path):
    """A compiler that leaves its arguments in a file, those of the last compilation."""
    return f'[ "$1" = --version ] || echo "$*" > {path}'


@pytest.mark.skipif(c_library.platform.machine() != "x86_64", reason="levels are those of x86-64")
@pytest.mark.parametrize(
    ("flags", "refused", "used"),
    [
        (c_library.AVX2, [], "-march=native"),
        (c_library.AVX2, ["-march=native"], "-march=x86-64-v3"),
        ((), ["-march=native"], "-shared"),
    ],
)
def test_compiler_that_refuses_native_gets_the_vectors_of_the_processor_otherwise(
    processor, compiler, tmp_path, flags, refused, used
):
    processor(*flags)
    compiler((refuses(*refused) if refused else "") + "\n" + notes(tmp_path / "noted"))
    assert works(c_library.load("float32"))
    arguments = (tmp_path / "noted").read_text()
    assert used in arguments
    assert (" -m" in arguments) == (used != "-shared")


def test_code_for_all_of_x86_64_is_left_to_xla_where_the_processor_has_more(processor, compiler):
    """It would train two to three times slower than XLA."""
    processor(*c_library.AVX2)
    compiler(refuses(" -m"))
    reason = c_library.load("float32")
    assert "with -march=native and with -march=x86-64-v3: bad value" in reason


def test_case_5_compiler_that_refuses_march_native_is_tried_without(compiler, monkeypatch):
    monkeypatch.setattr(c_library, "SOURCE", SOURCE)
    compiler(refuses("-march=native"))
    assert works(c_library.load("float32"))


def test_library_is_compiled_once_and_kept(monkeypatch, cache):
    assert works(c_library.load("float32"))
    (kept,) = cache.iterdir()
    c_library.load.cache_clear()
    monkeypatch.setattr(c_library, "_compile", None)  # would fail
    assert c_library.load("float32")._name == str(kept)


def test_case_3_library_is_kept_and_loaded_where_tmp_is_noexec(noexec, monkeypatch, tmp_path):
    monkeypatch.setattr(c_library.tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    noexec(tmp_path / "tmp")
    assert works(c_library.load("float32"))


@pytest.mark.parametrize("kept", [False, True])
def test_case_3_where_the_cache_is_noexec_the_library_is_loaded_among_temporary_files(
    noexec, cache, kept
):
    if kept:
        assert works(c_library.load("float32"))
        c_library.load.cache_clear()
    noexec(cache)
    assert works(c_library.load("float32"))
    assert len(list(cache.iterdir())) == kept


def test_case_3_true_reason_is_said_if_nothing_can_be_loaded(noexec):
    noexec("/")
    for _ in range(2):  # compiled, and kept
        reason = c_library.load("float32")
        assert "failed to map segment: Operation not permitted" in reason
        assert "compiler" not in reason
        c_library.load.cache_clear()


def test_cache_that_cannot_be_written_costs_only_the_compiling(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert works(c_library.load("float32"))


def test_true_reasons_are_said_if_no_folder_can_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(c_library.tempfile, "tempdir", str(tmp_path / "file"))
    reason = c_library.load("float32")
    assert f"Not a directory: '{tmp_path}/file/fmnist_exp/engine'; " in reason
    assert f"File exists: '{tmp_path}/file'; TMPDIR may name another folder" in reason


def test_full_home_or_quota_is_left_for_the_next_place(compiler, cache, monkeypatch):
    """A folder can be made there, but the compiler cannot write its output."""
    compiler(f'case "$*" in *{cache}*) echo "No space left on device" >&2; exit 1;; esac')
    assert works(c_library.load("float32"))


def test_library_that_another_process_removes_meanwhile_is_compiled_anew(monkeypatch, cache):
    c_library.load("float32")
    c_library.load.cache_clear()
    real = ctypes.CDLL

    def remove(path):
        if Path(path).parent == cache:
            Path(path).unlink()
        return real(path)

    monkeypatch.setattr(ctypes, "CDLL", remove)
    assert works(c_library.load("float32"))


def test_types_and_compilers_that_are_named_have_libraries_of_their_own(compiler, cache):
    c_library.load("float32")
    c_library.load("float64")
    compiler("")
    c_library.load("float32")
    assert len(list(cache.iterdir())) == 3


def test_library_is_called_the_same_when_it_is_compiled_and_when_it_is_found(cache):
    """A record names it, for what it was made of decides the bits."""
    made = Path(c_library.load("float32")._name).name
    c_library.load.cache_clear()
    assert made == Path(c_library.load("float32")._name).name
    assert [path.name for path in cache.iterdir()] == [made]


@pytest.mark.parametrize("what", ["processor", "machine", "libc_ver", "source"])
def test_each_processor_system_and_source_has_a_library_of_its_own(
    monkeypatch, tmp_path, processor, what
):
    processor("sse2")
    usual = list(c_library._machine("float32"))
    if what == "processor":
        processor("sse2", "avx2")
    elif what == "source":
        (tmp_path / "epoch.c").write_text(c_library.SOURCE.read_text() + "\n")
        monkeypatch.setattr(c_library, "SOURCE", tmp_path / "epoch.c")
    else:
        another = {"machine": "another", "libc_ver": ("glibc", "2.1")}[what]
        monkeypatch.setattr(c_library.platform, what, lambda: another)
    assert list(c_library._machine("float32")) != usual


def test_machine_without_a_compiler_uses_what_its_like_has_kept(monkeypatch):
    assert works(c_library.load("float32"))
    monkeypatch.setattr(c_library.shutil, "which", lambda name: None)
    c_library.load.cache_clear()
    assert works(c_library.load("float32"))


def test_damaged_library_is_compiled_anew(cache):
    c_library.load("float32")
    (kept,) = cache.iterdir()
    whole = kept.stat().st_size
    replaced = cache / "short"  # not in place: this process has the file mapped
    replaced.write_bytes(kept.read_bytes()[:1000])
    replaced.replace(kept)
    c_library.load.cache_clear()
    assert works(c_library.load("float32"))
    assert kept.stat().st_size == whole
