"""Feeds mutated files to the readers; only documented errors may escape, in bounded memory.

python benchmarks/fuzz.py [NUM_INPUTS] [SEED]

Each input is a valid one with bytes flipped, cut out, repeated, put in, or replaced by others
that are likely to hurt.
"""

import contextlib
import gzip
import io
import random
import resource
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import NAMED, parse, parse_execution
from fmnist_exp.data.idx import read_idx
from fmnist_exp.errors import ConfigError, DataError, FmnistError, RecordError
from fmnist_exp.rundir import records
from fmnist_exp.sweep.explaining import check_option_files

SHAPE = (50, 28, 28)
MEGABYTE = 1024  # in the unit of ru_maxrss, kilobytes
MOST_GROWTH = 256 * MEGABYTE
HURTFUL = (
    *(b"\0", b"\xff" * 4, b"\x7f\xff\xff\xff", b"-1", b"1e999", b"nan", b"NaN", b"9" * 500),
    *(b"null", b"true", b"{}", b"[]", b'"', b"\n", b": ", b"- ", b"\t", b"&a ", b"*a", b"!!int "),
    *(b"[" * 300, b"{" * 300, b"${", b"${seed}", b"${oc.env:HOME}", b"???", b"_target_: os.system"),
    *("\u202e".encode(), b"\xed\xa0\x80", b"---\n", b"%YAML 9.9\n", b"? ", b"<<: ", b"0x1p3"),
)

VALUES = (
    *HURTFUL,
    *(b"0", b"2", b"-0.0", b"1.5", b"1e3", b"no", b"x", b'"x"', b"[1, 2]", b'{"a": 1}', b"[[]]"),
    *(b".inf", b"2020-01-01", b"12:30:45", b"!!binary aGk=", b"!!set {a}", b"{1: 2}", b"null"),
)


def mutated(content: bytes, generator: random.Random) -> bytes:
    """The content with one to four changes."""
    changed = bytearray(content)
    for _ in range(generator.choice((1, 1, 2, 4))):
        if generator.random() < 0.5 and b": " in changed:
            _replace_value(changed, generator)
            continue
        place = generator.randrange(len(changed) + 1)
        end = place + generator.choice((1, 1, 2, 4, 16, 200))
        kind = generator.randrange(6)
        if kind == 0 and place < len(changed):
            changed[place] ^= 1 << generator.randrange(8)
        elif kind == 1:
            del changed[place:end]
        elif kind == 2:
            changed[place:place] = changed[place:end] * generator.choice((1, 2, 50))
        elif kind == 3:
            changed[place:place] = generator.choice(HURTFUL)
        elif kind == 4:
            changed[place:end] = generator.choice(HURTFUL)
        else:
            changed[place:end] = generator.randbytes(generator.randint(1, 8))
    return bytes(changed)


def _replace_value(changed: bytearray, generator: random.Random) -> None:
    """Put another value behind one of the keys of a text in YAML or JSON."""
    start = changed.find(b": ", generator.randrange(len(changed)))
    if start >= 0:
        ends = [end for end in (changed.find(mark, start) for mark in (b"\n", b",")) if end > start]
        changed[start + 2 : min(ends, default=len(changed))] = generator.choice(VALUES)


def fuzz(read: Callable[[bytes], object], seeds: list[bytes], num_inputs: int, seed: int) -> int:
    """Read mutated inputs; how many of them were refused.

    Args:
        read: takes the content of a file.
        seeds: valid contents.
        num_inputs: how many inputs.
        seed: fixes them.

    Raises:
        AssertionError: an error escaped that is none of `fmnist_exp.errors`, or memory grew.
    """
    generator = random.Random(seed)
    for content in seeds:
        read(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    num_refused = 0
    for number in range(num_inputs):
        content = mutated(generator.choice(seeds), generator)
        try:
            read(content)
        except FmnistError:
            num_refused += 1
        except BaseException as error:
            raise AssertionError(f"input {number} of seed {seed}: {content!r}") from error
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_GROWTH, f"memory grew by {grown / MEGABYTE:.0f} MB"
    return num_refused


def idx_reader(folder: Path) -> tuple[Callable[[bytes], object], list[bytes]]:
    """The reader of data files, and valid files, compressed and not."""
    plain = struct.pack(">HBB3I", 0, 8, 3, *SHAPE) + bytes(int(np.prod(SHAPE)))
    packed = gzip.compress(plain, mtime=0)

    def read(content: bytes) -> object:
        path = folder / ("f.gz" if content[:1] == packed[:1] else "f")
        path.write_bytes(content)
        return _only(DataError, lambda: read_idx(path, SHAPE))

    return read, [plain, packed, packed]


def config_reader(folder: Path) -> tuple[Callable[[bytes], object], list[bytes]]:
    """The reader and checks of a config file, and every shipped choice as one file."""
    with initialize_config_dir(str(CONFIG_DIR), version_base="1.3"):
        seeds = [
            OmegaConf.to_yaml(compose("config", [f"model={model}", f"optimizer={optimizer}"]))
            for model in ("baseline", "regularized")
            for optimizer in ("adam", "nesterov")
        ]
    path = folder / "config.yaml"

    def read(content: bytes) -> object:
        path.write_bytes(content)

        def composed() -> object:
            check_option_files([folder], ["config"])
            loaded = OmegaConf.load(path)
            if not isinstance(loaded, DictConfig):
                raise ConfigError("Hydra takes mappings only")
            return parse(loaded, dict.fromkeys(NAMED, "own")), parse_execution(loaded)

        return _only(ConfigError, composed)

    return read, [text.encode() for text in seeds]


def record_reader(folder: Path) -> tuple[Callable[[bytes], object], list[bytes]]:
    """The reader of records, and the records of a completed and of a failed run."""
    numbers = {"loss": 0.5, "accuracy": 0.75}
    scores = {"precision": 1.0, "recall": 0.5, "f1": 0.6, "support": 2.0}
    completed = records.RunRecord(
        **{
            **{"schema_version": records.SCHEMA_VERSION, "status": "completed"},
            **{"run_key": "k", "seed": 0, "choices": {"initializer": "he"}},
            **{
                "config": {
                    "seed": 0,
                    "initializer": {"name": "he"},
                    "model": {"hidden": [256, 128]},
                },
                "class_names": ["a", "b"],
            },
            **{"metrics": dict.fromkeys(records.SPLITS, numbers), "num_epochs": 2},
            **{"per_class": {"a": scores, "b": scores}, "timing_seconds": {"fit": 1.5}},
            **{"provenance": {"git_commit": None}, "artifacts": {"f": "0"}, "reused": False},
        }  # type: ignore[arg-type]
    )
    error = {"type": "ValueError", "message": "x", "traceback": "y"}
    failed = completed.replaced(status="failed", metrics={}, error=error)
    contents = []
    for record in (completed, failed):
        records.write_record(folder, record)
        contents.append((folder / records.RECORD).read_bytes())

    def read(content: bytes) -> object:
        (folder / records.RECORD).write_bytes(content)
        return _only(RecordError, lambda: records.read_record(folder))

    return read, contents


READERS = {"idx": idx_reader, "config": config_reader, "record": record_reader}


def _only(documented: type[FmnistError], read: Callable[[], object]) -> object:
    """What `read` returns; an error of another kind than documented becomes a failure."""
    try:
        return read()
    except FmnistError as error:
        if not isinstance(error, documented):
            raise TypeError(f"{type(error).__name__} is not documented") from error
        raise


def main() -> None:
    """Fuzz every reader, and say how many inputs were refused and how far memory grew."""
    num_inputs, seed = (
        int(text) for text in [*sys.argv[1:], *("10000", "0")[len(sys.argv) - 1 :]][:2]
    )
    for name, build in READERS.items():
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            read, seeds = build(Path(folder))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            num_refused = fuzz(read, seeds, num_inputs, seed)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / MEGABYTE
        print(
            f"{name}: {num_inputs} inputs, {num_refused} refused, no undocumented error, "
            f"memory grew by {grown:.0f} MB"
        )


if __name__ == "__main__":
    main()
