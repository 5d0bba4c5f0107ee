"""Values checked against a schema: one base class for configs, plans and records, one wording.

A field says once what its value must be: by its type, bounds and default. `title` puts the rule
into words where the type does not, `description` gives its reason, `examples` a value that would
do. A field has no union but with None.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from fmnist_exp.errors import ConfigError, did_you_mean

ABSENT = object()  # what was received for a key that is missing
MAX_SHOWN = 200  # characters of a value that was received
Text = Annotated[str, Field(pattern=r"\S", title="a non-empty text")]


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
        return self.model_validate(dict(self) | values, by_name=True)


Model = TypeVar("Model", bound=Strict)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one value.

    Attributes:
        key: where it stands.
        value: what was received; `ABSENT` for nothing.
        rule: what it must be, with the verb.
        reason: why, as a sentence; may be empty.
        repair: what to do about it, as a sentence; may be empty.
    """

    key: str
    value: object
    rule: str
    reason: str = ""
    repair: str = ""

    @property
    def finding(self) -> str:
        """Key, rule and value, without the words that help who has typed them."""
        shown = "" if self.value is ABSENT else f", received {self.value!r}"
        cut = shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}..."
        return f"{self.key or 'it'} {self.rule}{cut}"

    def __str__(self) -> str:
        return " ".join(filter(None, (f"{self.finding}.", self.reason, self.repair)))


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
        raise ConfigError("\n".join(map(str, problems(error, model, prefix)))) from None
    except (TypeError, ValueError) as error:  # such as bytes, which YAML knows
        raise ConfigError(f"{prefix or 'the config'} must hold plain values: {error}.") from None


def reason(error: ValidationError, model: type[Strict]) -> str:
    """The first thing that is wrong with a file, for `cannot read PATH: ...`."""
    first, *others = problems(error, model)
    return first.finding + (f"; {len(others)} more of its values are wrong" if others else "")


def problems(error: ValidationError, model: type[Strict], prefix: str = "") -> list[Problem]:
    """What pydantic has found, in words for people; arguments as for `checked`."""
    found = []
    for item in error.errors(include_url=False):
        kind, value, place = item["type"], item["input"], _find(model, item["loc"], prefix)
        key, why = place.key, place.field.get("description", "")
        if kind == "missing":
            found.append(Problem(key, ABSENT, "is missing", why, f"Pass ++{key}={place.example}."))
        elif kind == "extra_forbidden":
            known = place.owner["properties"]
            near = did_you_mean(key.rpartition(".")[2], known).strip()
            rule = f"is not {place.owner.get('keys', 'a key that anything reads')}"
            repair = f"{near} Remove it, or correct its spelling."
            found.append(Problem(key, value, rule, "", repair))
        elif kind == "json_invalid":
            found.append(Problem(key, ABSENT, f"must be JSON ({item['msg']})"))
        elif kind == "value_error":  # of a validator, whose words follow the key
            found.append(Problem(key, ABSENT, str(item["ctx"]["error"]), why))
        else:
            rule = f"must be {rule_of(place.schema)}"
            found.append(Problem(key, value, rule, why, place.repair(value)))
    return found


class _GivenTitles(GenerateJsonSchema):
    """JSON schemas without titles but those that are given: they put rules into words."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


Schema = Mapping[str, Any]  # a JSON schema, as pydantic makes it of a field or a model


def rule_of(schema: Schema) -> str:
    """What a value must be, after the words 'must be'."""
    match schema["type"]:
        case "object":
            rule = "a mapping of keys to values"
        case _ if "title" in schema:
            rule = schema["title"]
        case "array":
            rule = f"a list, each item {rule_of(schema['items'])}"
        case "boolean":
            rule = "true or false"
        case "string":
            rule = f"one of {', '.join(schema['enum'])}" if "enum" in schema else "a text"
        case "integer":
            rule = _bounded(schema, "an integer", "an integer")
        case "number":
            rule = _bounded(schema, "a number", "a finite number")
    return rule + schema.get("or_null", "")


def _bounded(schema: Schema, number: str, unbounded: str) -> str:
    edges = {
        "minimum": "[{}",
        "exclusiveMinimum": "({}",
        "maximum": "{}]",
        "exclusiveMaximum": "{})",
    }
    found = [form.format(schema[key]) for key, form in edges.items() if key in schema]
    if not found:
        return unbounded
    if number == "an integer" and found == [f"[{schema.get('minimum')}"]:
        return f"an integer of at least {schema['minimum']}"
    left = found[0] if found[0][0] in "[(" else "(-inf"
    right = found[-1] if found[-1][-1] in "])" else "inf)"
    return f"{number} in {left}, {right}"


@dataclass(frozen=True)
class _Place:
    """Where a value stands.

    Attributes:
        key: the full key.
        schema: what must stand there.
        field: the schema of the field that it is a part of, with default, examples and reason.
        owner: the schema of the mapping around it.
    """

    key: str
    schema: Schema
    field: Schema
    owner: Schema

    @property
    def example(self) -> str:
        """A value that would do, as typed on the command line."""
        of_field = (*self.field.get("examples", ()), self.field.get("default"))
        known = [value for value in of_field if value is not None]
        by_kind = {"boolean": True, "integer": 1, "number": 0.1}.get(self.schema["type"], "NAME")
        value = known[0] if known else by_kind
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))

    def repair(self, value: object) -> str:
        """What to write in the place of a value."""
        kind = self.schema["type"]
        several = re.fullmatch(r"(\d+)(?:-|:|\.\.)(\d+)", str(value))
        if several and kind in ("integer", "number"):
            first, last = int(several[1]), int(several[2])
            bounds = f"{first},{last + 1}" if first else last + 1
            return f"Pass --multirun '{self.key}=range({bounds})' for a run of each."
        if kind == "null":
            return "Leave it out."
        example = f"Pass for example {self.key.partition('[')[0]}={self.example}."
        return "" if kind == "object" else example


def _find(model: type[Strict], location: tuple[int | str, ...], key: str) -> _Place:
    whole = model.model_json_schema(schema_generator=_GivenTitles)

    def opened(schema: Schema) -> Schema:
        """What a reference or a union with null stands for."""
        for inner in schema.get("anyOf", ()):
            if inner != {"type": "null"}:
                return {**opened(inner), "or_null": ", or null"}
        name = schema.get("$ref", "").rpartition("/")[2]
        return whole["$defs"][name] if name else schema

    place = _Place(key, whole, {}, {})
    for name in location:
        inner = f"[{name}]" if isinstance(name, int) else f".{name}" if place.key else name
        key, around = f"{place.key}{inner}", place.schema
        if "properties" in around:
            of_field = around["properties"].get(name, {})
            place = _Place(key, opened(of_field), of_field, around)
        else:
            held = around["items" if isinstance(name, int) else "additionalProperties"]
            place = _Place(key, opened(held), place.field, place.owner)
    return place
