"""Why two builds may differ: recipe, flags, versions and inputs of their manifests."""

from collections.abc import Iterator
from typing import Any

KEYS = ("recipe", "flags", "built_with", "built_together_with")


def changed_settings(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """A line for each setting, version and input file that is not the same in two manifests."""
    flat_a, flat_b = dict(_flat(a)), dict(_flat(b))
    return [
        f"{name}: {flat_a.get(name, 'none')} → {flat_b.get(name, 'none')}"
        for name in dict.fromkeys((*flat_a, *flat_b))
        if flat_a.get(name) != flat_b.get(name)
    ]


def _flat(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in KEYS:
        yield from _leaves(key, manifest.get(key))
    for file in manifest.get("inputs", []):
        yield f"input {file.get('source')} {file.get('file')}", f"SHA-256 {str(file.get('sha256'))[:12]}…"


def _leaves(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}", inner)
    elif isinstance(value, list) and not any(isinstance(each, (dict, list)) for each in value):
        yield name, ", ".join(map(str, value)) or "none"
    else:
        yield name, "none" if value is None else str(value)
