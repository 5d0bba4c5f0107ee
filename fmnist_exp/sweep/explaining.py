"""What Hydra cannot compose, in words that help to mend it.

Files of options are read before Hydra does; what it says of a command line is put into other words.
"""

import codecs
import difflib
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from fmnist_exp.config import CONFIG_DIR
from fmnist_exp.config.parsing import explain_value
from fmnist_exp.console import typed
from fmnist_exp.errors import ConfigError, did_you_mean
from fmnist_exp.files import read_regular
from fmnist_exp.strict import entries

MAX_BYTES = 100_000  # of a file, which YAML takes a second to read
MAX_VALUES = 10_000  # of a file, once each alias stands for its values
# PyYAML lets through what its constructors stumble over, such as `!!int` without a number.
UNREADABLE = (
    *(yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError),
    *(OSError, RecursionError, OmegaConfBaseException),
)
# Hydra's parser raises a ValueError for overrides such as `=3`.
ERRORS = (HydraException, OmegaConfBaseException, RecursionError, ValueError, yaml.YAMLError)
WORD = re.compile(r"\w+")
GROUPS = [each.name for each in CONFIG_DIR.iterdir() if each.is_dir()]
SECTIONS = ("run", "sweep", "launcher", "sweeper")  # of Hydra's, which a user may mean
# option that a plugin of Hydra adds -> extra of this package that installs the plugin
EXTRAS = {"joblib": "joblib", "submitit_local": "slurm", "submitit_slurm": "slurm", "ray": "ray"}
# key of Hydra's that an option brings -> that option
BELONGS_TO = {
    "hydra.launcher.n_jobs": "hydra/launcher=cores",
    "hydra.launcher.partition": "hydra/launcher=slurm",
    "hydra.sweeper.num_trials": "hydra/sweeper=tpe",
}


def check_option_files(folders: Sequence[Path], overrides: Sequence[str]) -> None:
    """Refuse an option that Hydra would read wrongly, for minutes, or not at all: ConfigError.

    Only files are read whose names consist of words that the overrides, or files that are read,
    hold; they lie in our groups, in Hydra's, or in folders that such words name.
    """
    for folder in folders:
        _check_names(folder)
    words = {*GROUPS, "hydra", "schema", *WORD.findall(" ".join(overrides))}
    read: set[Path] = set()
    while asked := {path for each in folders for path in _asked_for(each, words)} - read:
        read |= asked
        for path in sorted(asked):
            words.update(WORD.findall(str(_content(path))))


def _asked_for(folder: Path, words: set[str]) -> Iterator[Path]:
    """The option files whose names, and whose groups in the folder, consist of these words."""
    groups = [each for each in folder.iterdir() if words.issuperset(WORD.findall(each.name))]
    below = itertools.chain.from_iterable(each.rglob("*.yaml") for each in groups)
    for path in itertools.chain(folder.glob("*.yaml"), below):
        if words.issuperset(WORD.findall(path.stem)):
            yield path


def _content(path: Path) -> Any:
    """What an option file holds, as plain values, once that is known to be little."""
    try:
        content = read_regular(path, MAX_BYTES)
        if content.startswith(codecs.BOM_UTF8):
            raise ValueError("it has a byte order mark, behind which `# @package` is not seen")
        if _num_values(yaml.compose(content), {}) > MAX_VALUES:  # aliases are shared nodes here
            raise ValueError(f"its aliases must unfold to at most {MAX_VALUES} values")
        values: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
        if not isinstance(values, dict) or values.get("hydra", {}) is None:
            raise ValueError("it, and `hydra` in it, must be a mapping")
        return values
    except UNREADABLE as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
            reason = f"line {error.problem_mark.line + 1}: {error.problem}"
        reason = reason.replace('"<byte string>", ', "")
        raise ConfigError(
            f"{path} must be YAML in UTF-8: {' '.join(reason.split())}. Correct it."
        ) from error


def _check_names(folder: Path) -> None:
    """Refuse files of options that Hydra would pass over without a word."""
    for path in sorted(folder.glob("*/*.y*ml")):
        group = path.parent.name
        meant = difflib.get_close_matches(group.lower(), GROUPS, n=1, cutoff=0.85)  # Optimiser
        shipped = CONFIG_DIR / group / path.name
        if meant and group not in GROUPS:
            found, rule, name = path.parent, "have the name of a group", meant[0]
        elif group in GROUPS and path.suffix == ".yml":
            found, rule, name = path, "end in .yaml", f"{path.stem}.yaml"
        elif shipped.exists() and not shipped.samefile(path):
            found, rule, name = path, "not have the name of a shipped option", f"my_{path.name}"
        else:
            continue
        raise ConfigError(f"{found} must {rule}, or Hydra passes it over. Rename it {name}.")


def _num_values(node: yaml.Node | None, known: dict[int, float]) -> float:
    """Values below a node, if each alias stood for its own; infinite if one lies in itself.

    Args:
        node: as `yaml.compose` makes it; None for an empty file.
        known: id of a node -> its number of values, which is added to.
    """
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        known[id(node)] = math.inf  # until it is counted
        is_mapping = isinstance(node, yaml.MappingNode)
        inner = [each for pair in node.value for each in pair] if is_mapping else node.value
        known[id(node)] = 1 + sum(_num_values(each, known) for each in inner)
    return known[id(node)]


@contextmanager
def explained(overrides: Sequence[str]) -> Iterator[None]:
    """Turn what Hydra raises while it composes these overrides into a ConfigError of one line."""
    try:
        yield
    except ERRORS as error:
        raise ConfigError(_explain(error, overrides)) from error


def _explain(error: Exception, overrides: Sequence[str]) -> str:
    """What was received, the rule, and the repair."""
    cause = error if isinstance(error, OmegaConfBaseException) else error.__cause__
    match cause or error:
        case ConfigKeyError() | ConfigAttributeError() as unknown:
            return _explain_key(unknown, overrides)
        case OmegaConfBaseException() as found:
            return explain_value(found)
        case OverrideParseException() as found:
            key, what = f"{found.override}", f"{found.override!r} cannot be read as KEY=VALUE."
            if re.fullmatch(r"[+\w./]+", key):  # as in `model.dropout 0.3`
                value = next(iter(overrides[overrides.index(key) + 1 :]), "VALUE")
                return f"{what} Write {key}={'VALUE' if '=' in value else value}."
            return (
                f"{what} Put a value with special characters into two pairs of quotes: "
                """'KEY="VALUE"'."""
            )
        case MissingConfigException(missing_cfg_file=str()) as missing:
            return _explain_option(missing)
        case RecursionError():
            return "an override is nested too deep to be read. Write it with fewer brackets."
    message = " ".join(f"{error}".split())
    if isinstance(error, ValueError):
        return f"{message}. Every override must read KEY=VALUE, received {' '.join(overrides)!r}."
    return message


def _explain_option(error: MissingConfigException) -> str:
    group, _, option = str(error.missing_cfg_file).removesuffix(".yaml").rpartition("/")
    if group == "hydra/launcher" and option in EXTRAS:
        return (
            f"hydra/launcher needs Hydra's plugin for {option}, which is not installed. "
            f"Install it: pip install 'fmnist_exp[{EXTRAS[option]}]'"
        )
    meant = did_you_mean(option, error.options or [])
    asking = re.match("In '(?!(?:hydra/)?config')(.+?)'", str(error))
    place = f" in the defaults of {asking[1]}" if asking else ""
    return f"{group} must name an option, received {option!r}{place}.{meant}"


def _explain_key(error: OmegaConfBaseException, overrides: Sequence[str]) -> str:
    """Why a key cannot be set: it is misspelled, or the chosen options do not have it."""
    key = str(error.full_key)
    given = (each.partition("=")[0].lstrip("+~") for each in overrides)
    # Of `modle.dropout` OmegaConf names `modle` alone.
    key = next((each for each in given if each.startswith(f"{key}.")), key)
    assert error.parent_node is not None
    config: Any = error.parent_node._get_root()
    what = "hydra" if key.startswith("hydra.") else "job"
    values: Any = OmegaConf.to_container(config, resolve=False)
    of_hydra = values.pop("hydra", {})
    known = [*entries({part: of_hydra.get(part, {}) for part in SECTIONS}, "hydra.")]
    known += entries(values) if what == "job" else ()
    near = nearest(key, [name for name, _ in known])
    meant = f" Did you mean {near}?" if near else ""
    if option := BELONGS_TO.get(key):
        meant = f" It is one with {option}."
    # Not the name of a callback that is not there.
    elif not near and ".config." in str(error.full_key):
        meant = f" An argument of Keras's that is not set is added with ++: ++{key}=VALUE."
    return (
        f"{key} is not a key of the config.{meant} "
        f"`{typed('train', '--cfg', what)}` shows every key and value."
    )


def nearest(key: str, known: Iterable[str]) -> str | None:
    """The known key that is meant, if there is one.

    A key is meant by its last part, as in `epochs` for `training.epochs`, by the initials of that,
    as in `lr` for `optimizer.config.learning_rate`, or by nearly the same spelling.
    """
    last_of = {each: each.rpartition(".")[2] for each in known}
    last = key.rpartition(".")[2]
    initials = {name: "".join(re.findall(r"_(\w)", f"_{name}")) for name in last_of.values()}
    names = {name for name in initials if name == last or ("_" in name and initials[name] == last)}
    names = names or {*difflib.get_close_matches(last, initials, n=1)}
    meant = [each for each in last_of if last_of[each] in names]
    return max(meant, key=lambda o: difflib.SequenceMatcher(None, key, o).ratio(), default=None)
