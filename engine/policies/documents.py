"""A policy as TOML or JSON text and back; the five presets."""

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec

from engine.policies.records import Policy
from engine.refusals import PolicyInvalid


def read_policy(document: bytes | str, *, format: Literal["toml", "json"] = "toml") -> Policy:
    """The policy a TOML or JSON document describes.

    Raises:
        PolicyInvalid: one sentence naming the place in the document and what to change.
    """
    text = document.decode("utf-8", errors="replace") if isinstance(document, bytes) else document
    try:
        if format == "json":
            return msgspec.json.decode(text.encode(), type=Policy)
        return msgspec.convert(tomllib.loads(text), type=Policy)
    except tomllib.TOMLDecodeError as error:
        raise PolicyInvalid(f"The policy is not valid TOML: {error}.") from None
    except RecursionError:
        raise PolicyInvalid("The policy is nested too deeply; gates need no more than a few levels.") from None
    except msgspec.DecodeError as error:
        raise PolicyInvalid(f"The policy cannot be used: {error}") from None


def write_policy(policy: Policy, *, format: Literal["toml", "json"] = "toml") -> str:
    """A document that `read_policy` reads back to an equal policy."""
    plain = msgspec.to_builtins(policy, order="deterministic", str_keys=True)
    if format == "json":
        return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
    return "\n".join(_toml(plain, ())).strip() + "\n"


def _toml(table: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    later: list[tuple[str, Any]] = []
    for key, value in table.items():
        if isinstance(value, dict) or _is_tables(value):
            later.append((key, value))
        else:
            yield f"{_key(key)} = {_inline(value)}"
    for key, value in later:
        inner = (*path, _key(key))
        for part in value if isinstance(value, list | tuple) else (value,):
            name = ".".join(inner)
            yield f"\n[[{name}]]" if isinstance(value, list | tuple) else f"\n[{name}]"
            yield from _toml(part, inner)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(part, dict) for part in value)


def _key(key: str) -> str:
    plain = key and all(character.isascii() and (character.isalnum() or character in "_-") for character in key)
    return key if plain else json.dumps(key)


def _inline(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(part) for part in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_inline(part)}" for key, part in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def preset_names() -> tuple[str, ...]:
    """The presets that ship with the product."""
    found = files("engine.presets").iterdir()
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in found if entry.name.endswith(".toml")))


@cache
def preset(name: str) -> Policy:
    """A shipped policy, to be used as it is or as a start.

    Raises:
        PolicyInvalid: when there is no preset of that name.
    """
    if name not in preset_names():
        raise PolicyInvalid(f"There is no preset '{name}'; choose one of {', '.join(preset_names())}.")
    return read_policy(files("engine.presets").joinpath(f"{name}.toml").read_text(encoding="utf-8"))
