"""What conditions differ in, what changed together, and which may be compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, combinations, permutations

from fmnist_exp.report.runs.conditions import label, naming_keys

# Conditions that differ in one of these are not compared: other test images are another task, and
# another engine rounds differently.
GROUNDS = {"data.name", "data.num_test", "data.class_names", "data.sha256", "engine"}
DATA_HASH = "data.sha256"


@dataclass(frozen=True)
class Difference:
    """A key whose value is not the same in all conditions.

    Attributes:
        key: the full key.
        follows: factors that determine its value, so that its effect cannot be told from theirs;
            empty for a factor.
        values: each value, None where a config has no such key -> the levels of `follows` that
            it comes with.
    """

    key: str
    follows: tuple[str, ...]
    values: dict[str | None, tuple[str, ...]]


def differences(configs: Sequence[dict[str, str]], factors: Sequence[str]) -> list[Difference]:
    """Every key that differs between flat configs, the factors first.

    Args:
        configs: flat configs, one for each condition.
        factors: keys that tell them all apart, as from `naming_keys`.
    """
    keys = dict.fromkeys([*factors, *(key for config in configs for key in config)])
    found = []
    for key in keys:
        if len({config.get(key) for config in configs}) > 1:
            follows = () if key in factors else _determining(key, configs, factors)
            values: dict[str | None, dict[str, None]] = {}
            for config in configs:
                levels = values.setdefault(config.get(key), {})
                if follows:
                    levels[label(config, follows)] = None
            found.append(Difference(key, follows, {v: tuple(at) for v, at in values.items()}))
    return found


def _determining(
    key: str, configs: Sequence[dict[str, str]], factors: Sequence[str]
) -> tuple[str, ...]:
    """Factors whose values fix that of a key, none of them in vain: one or two where these do."""
    for few in chain(combinations(factors, 1), combinations(factors, 2)):
        if _fixes(few, key, configs):
            return few
    kept = list(factors)
    for factor in reversed(factors):
        others = [each for each in kept if each != factor]
        if _fixes(others, key, configs):
            kept = others
    return tuple(kept)


def _fixes(keys: Sequence[str], other: str, configs: Sequence[dict[str, str]]) -> bool:
    """Whether a key's value is the same wherever those of some keys are."""
    levels = [tuple(map(config.get, keys)) for config in configs]
    pairs = {(level, config.get(other)) for level, config in zip(levels, configs, strict=True)}
    return len(pairs) == len(set(levels))


@dataclass(frozen=True)
class Together:
    """Keys that changed only where others did, so that nobody can tell which of them it was.

    Attributes:
        follows: the keys that fix them.
        always: whether the keys changed wherever these did, too.
        keys: the keys that changed.
    """

    follows: tuple[str, ...]
    always: bool
    keys: tuple[str, ...]


def changed_together(
    configs: Sequence[dict[str, str]], chosen: Sequence[str] = ()
) -> list[Together]:
    """What cannot be told apart in flat configs that are compared with each other.

    The class of a Keras object is part of what its name says, and so are arguments that change
    only where the class does.

    Args:
        configs: one for each condition.
        chosen: factors that a tuner varies: these it does vary apart, if in no two runs alone.
    """
    factors = naming_keys(configs, chosen)
    found = [(each.follows, each.key) for each in differences(configs, factors) if each.follows]
    found += [
        ((fine,), coarse)
        for coarse, fine in permutations([key for key in factors if key not in chosen], 2)
        if _fixes([fine], coarse, configs)
        and not (_is_part(fine, coarse) and any(fine not in config for config in configs))
    ]
    groups: dict[tuple[tuple[str, ...], bool], list[str]] = {}
    for follows, key in found:
        kind = f"{key.partition('.config.')[0].removesuffix('.class_name')}.class_name"
        if kind == key:
            silent = _fixes([kind.replace(".class_name", ".name")], kind, configs)
        else:
            silent = ".config." in key and _fixes([kind], key, configs)
        if not silent:
            always = all(_fixes([key], each, configs) for each in follows)
            groups.setdefault((follows, always), []).append(key)
    return [Together(*kind, tuple(keys)) for kind, keys in groups.items()]


def _is_part(key: str, name: str) -> bool:
    """Whether a key is an argument of the Keras object that another key names."""
    return key.startswith(f"{name.removesuffix('.name')}.config.")


def what_is_shared(configs: Sequence[dict[str, str]]) -> dict[str, str]:
    """Keys that all flat configs have with the same value, and that value."""
    first, *others = configs
    shared = set(first.items()).intersection(*(other.items() for other in others))
    return {key: value for key, value in first.items() if (key, value) in shared}


def grounds(config: dict[str, str]) -> dict[str, str]:
    """The keys of a flat config that two conditions must share to be compared, and their values.

    Synthetic images are made from the seed of their split; those of other data are only divided.
    """
    keys = GROUNDS | ({"data.split_seed"} if config.get("data.name") == "synthetic" else set())
    return {key: value for key, value in config.items() if key in keys}


def without_explained_hashes(configs: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Flat configs that keep the hash of their data only where the same keys have given other data.

    The hash covers the training images too, so it differs wherever `data.num_train` does; by
    itself it says that a folder or a version of the data held something else.
    """
    hashes: dict[frozenset[tuple[str, str]], set[str | None]] = {}
    keyed = []
    for config in configs:
        keys = {item for item in config.items() if item[0].startswith("data.")}
        keyed.append(frozenset(item for item in keys if item[0] != DATA_HASH))
        hashes.setdefault(keyed[-1], set()).add(config.get(DATA_HASH))
    if len(set().union(*hashes.values())) == 1 or any(len(at) > 1 for at in hashes.values()):
        return list(configs)
    return [{key: each[key] for key in each if key != DATA_HASH} for each in configs]
