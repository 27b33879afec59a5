"""How a dataset was built, as its card tells: recipe, versions, flags, and the pins of every input."""

from collections.abc import Iterator
from typing import Any

from builders.card.facts import REGISTERED, Facts, upstream
from builders.inputs.inputs import SAMPLE_REVISION
from sources.command.markdown import bullets, code, plain, table
from sources.registry import holds

HASH_CHARS = 12
REVISION_CHARS = 12


def how_built(builds: list[Facts]) -> str:
    """What anybody needs to build the same bytes again."""
    first = builds[0].manifest
    recipe, versions = first["recipe"], first["built_with"]
    stages = " → ".join(recipe["stages"])
    lines = [
        f"recipe {code(recipe['name'])}, whole in `manifest.json`; its stages: {stages}",
        f"near duplicates: pairs from a similarity of {recipe['near_duplicates']['pair_similarity']} on, prompts (for "
        f"the split) from {recipe['near_duplicates']['prompt_similarity']} on; test share {recipe['test_share']}",
        *_balance(recipe),
        "built with " + ", ".join(f"{name} {version}" for name, version in versions.items()),
        *_flags(builds),
        *(f"left out: {code(one['source'])} ({plain(one['why'])})" for one in _left_out(builds)),
    ]
    return (
        f"By `build-prefs`, one command; the same inputs and recipe give the same bytes.\n\n{bullets(lines)}\n\n"
        "`manifest.json` holds the recipe, the inputs with their hashes, every count by source and reason, and the "
        "hash of each file."
    )


def _balance(recipe: dict[str, Any]) -> list[str]:
    limit = recipe.get("balance", {}).get("length")
    return [] if limit is None else [f"balanced by length: the length-only AUC of a source is at most {limit}"]


def _left_out(builds: list[Facts]) -> list[dict[str, str]]:
    """The sources of the recipe in these languages that took no part; a build of all names those of all."""
    langs = {facts.lang for facts in builds}
    left = {one["source"]: one for facts in builds for one in facts.manifest["left_out"]}
    return [one for name, one in left.items() if name not in REGISTERED or any(holds(name, lang) for lang in langs)]


def _flags(builds: list[Facts]) -> Iterator[str]:
    """What differs from a plain build of the recipe, language by language."""
    for facts in builds:
        flags = facts.manifest["flags"]
        told = [
            f"`--{name}` {', '.join(code(one) for one in flags[name])}" for name in ("only", "without") if flags[name]
        ]
        told += [f"`--limit` {flags['limit']:,}"] if flags["limit"] else []
        told += ["`--commercial-ok`"] if flags["commercial_ok"] else []
        if told:
            yield f"{facts.lang} was built with {', '.join(told)}"


def inputs(builds: list[Facts]) -> str:
    """A row for each file that was read, with what pins it."""
    rows = [
        (code(one["source"]), code(one["file"]), _pin(one), code(one["sha256"][:HASH_CHARS]))
        for facts in builds
        for one in facts.manifest["inputs"]
    ]
    return table(["source", "file", "revision", "SHA-256 begins"], rows)


def _pin(given: dict[str, Any]) -> str:
    """The revision that was read; for files of a mirror the one that the source pins, marked so."""
    if given["revision"] == SAMPLE_REVISION:
        return "the embedded sample"
    if given["revision"]:
        return code(given["revision"][:REVISION_CHARS])
    if given["source"].startswith("synth_"):
        return "made by synth-prefs"
    file = upstream(given["source"])
    if file is None:
        return "a file of the user's own"
    pin = code(file.revision[:REVISION_CHARS])
    return f"{pin} (pinned; read from a mirror)" if file.is_pinned else "not pinned; read from a mirror"


def remarks(builds: list[Facts]) -> list[str]:
    """What a reader should know about the input: columns that were not used, files that are not the pinned ones."""
    unused = [
        f"{code(source['source'])}: not used {', '.join(map(code, source['columns_not_used']))}"
        for facts in builds
        for source in facts.manifest["sources"]
        if source.get("columns_not_used")
    ]
    untested = [
        f"{facts.lang}, not tested: {plain(line)}" for facts in builds for line in facts.manifest.get("not_tested", ())
    ]
    return [*untested, *unused] + [
        f"{code(one['file'])}: not the pinned bytes (SHA-256 {code(one['sha256'][:HASH_CHARS])}…, pinned "
        f"{code(one['pinned_sha256'][:HASH_CHARS])}…)"
        for facts in builds
        for one in facts.manifest["inputs"]
        if one["pinned_sha256"] not in (None, one["sha256"])
    ]
