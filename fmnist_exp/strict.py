"""Values checked against a schema: one base class for configs, plans and records, one wording.

A field says once what its value must be: by its type, bounds and default. `description` gives the
reason, `examples` a value that would do. Messages say the rule in pydantic's words.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.fields import FieldInfo

from fmnist_exp.errors import ConfigError, did_you_mean

MAX_SHOWN = 200  # characters of a value that was received
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Strict(BaseModel):
    """Plain values of exactly the declared types: no other key, no conversion, no nan.

    Parse from JSON text, in which lists become tuples: `Model.model_validate_json(text)`.
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True
    )

    def plain(self) -> dict[str, Any]:
        """The values as JSON holds them."""
        return self.model_dump(mode="json")

    def replaced(self, **values: Any) -> Self:
        """A copy with other values, checked like the first ones."""
        return self.model_validate(dict(self) | values)


Model = TypeVar("Model", bound=Strict)


def entries(values: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The full key and the value of all that plain values hold, mappings and lists among them."""
    for key, value in values.items() if isinstance(values, dict) else enumerate(values):
        yield f"{prefix}{key}", value
        if isinstance(value, dict | list):
            yield from entries(value, f"{prefix}{key}.")


def checked(model: type[Model], values: Any, prefix: str = "") -> Model:
    """Make a model of plain values.

    Args:
        model: what they must be.
        values: mappings, lists, texts and numbers.
        prefix: key of the whole in the config; empty at the top.

    Raises:
        ConfigError: a key is unknown or missing, or a value breaks its rule; a line for each.
    """
    try:
        return model.model_validate_json(json.dumps(values, ensure_ascii=False).encode())
    except ValidationError as error:
        found = [_in_words(each, model, prefix) for each in error.errors(include_url=False)]
        lines = [
            f"{finding}{'' if finding.endswith(('.', '?')) else '.'} {advice}".rstrip()
            for finding, advice in found
        ]
        raise ConfigError("\n".join(lines)) from None
    except (TypeError, ValueError) as error:  # such as bytes, which YAML knows
        raise ConfigError(f"{prefix or 'the config'} must hold plain values: {error}.") from None


def reason(error: ValidationError, model: type[Strict]) -> str:
    """The first thing that is wrong with a file, for `cannot read PATH: ...`."""
    first, *others = error.errors(include_url=False)
    more = f"; {len(others)} more of its values are wrong" if others else ""
    return _in_words(first, model)[0] + more


def _in_words(item: Mapping[str, Any], model: type[Strict], prefix: str = "") -> tuple[str, str]:
    """An error of pydantic's: key, rule and value; and reason and repair, as far as known."""
    owner, field = _place(model, item["loc"])
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]]
    key = "".join([prefix, *parts]).lstrip(".") or "it"
    rule = re.sub(r"^\w+ should", "must", item["msg"]).replace("valid array", "list")
    received = "null" if item["input"] is None else repr(item["input"])
    shown, why, repair = f", received {received}", field.description or "", ""
    match item["type"]:
        case "missing":
            rule, shown, repair = "is missing", "", f"{_pass(item['loc'], '++', key, field)}."
        case "extra_forbidden":
            rule = f"is not {owner.model_config.get('title') or 'a key that anything reads'}"
            near = did_you_mean(str(item["loc"][-1]), owner.model_fields).strip()
            repair = f"{near} Remove it, or correct its spelling."
        case "value_error":  # of a validator, whose words follow the key
            rule, shown = str(item["ctx"]["error"]), ""
        case "json_invalid":
            rule, shown = f"must be JSON ({item['msg']})", ""
        case "none_required":
            repair = "Leave it out."
        case kind if kind not in ("model_type", "dict_type"):
            repair = f"{_pass(item['loc'], 'for example ', key, field)}."
    shown = shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}..."
    return f"{key} {rule}{shown}", " ".join(filter(None, (why, repair)))


def _place(model: type[Strict], location: tuple[int | str, ...]) -> tuple[type[Strict], FieldInfo]:
    """The innermost model around a value, and the field of it that the value is a part of."""
    owner, field = model, FieldInfo()
    kind: Any = model
    for part in location:
        if isinstance(kind, type) and issubclass(kind, Strict):
            owner, field = kind, kind.model_fields.get(str(part), FieldInfo())
            kind = field.annotation
        else:  # of a mapping or a list
            kind = [None, *(each for each in get_args(kind) if each is not ...)][-1]
    return owner, field


def _pass(location: tuple[int | str, ...], how: str, key: str, field: FieldInfo) -> str:
    """How a value is given: on the command line, which cannot name a part of a list."""
    *above, last = location
    if any(isinstance(part, int) for part in above):
        return f"Write for example {last}: {_example(field)}"
    return f"Pass {how}{key.partition('[')[0]}={_example(field)}"


def _example(field: FieldInfo) -> str:
    """A value that would do, as typed on the command line."""
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    values = (*(field.examples or ()), default, "VALUE")
    value = next(each for each in values if each is not None)
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
