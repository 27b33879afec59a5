"""The command publish-prefs: a built dataset onto the Hugging Face Hub, and back to see that it arrived."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sources.command.run import command_parser, complain, print_json, run_command, show_any_text

if TYPE_CHECKING:
    from builders.publishing.publish import Order, Published

EXAMPLES = """\
examples:
  publish-prefs prefs --repo NAME/my-prefs --dry-run    what would be sent, removed, refused; sends nothing
  publish-prefs prefs/zh --repo NAME/my-prefs           one language, into a private repository
  publish-prefs prefs --repo NAME/my-prefs --public     all languages in prefs, for everybody to see
  build-prefs --lang zh --push-to-hub NAME/my-prefs     the same after a build

One commit holds data, card, manifest and dropped.parquet, each language in a folder and a config of its own. Where
nothing has changed, nothing is committed. Then the dataset is loaded back and compared. HF_TOKEN (or hf auth login)
gives the token; HF_ENDPOINT, HF_HOME and HTTPS_PROXY work as ever.
Exit status: 0 done, 1 a problem with the build or the Hub, 2 wrong usage, 130 interrupted.
"""
NAME = "publish-prefs"
INTERRUPTED = "the repository is as it was, or holds the whole commit; run the command again to be sure"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = command_parser(
        NAME, "Publish a dataset that build-prefs built on the Hugging Face Hub, in one commit.", EXAMPLES
    )
    add = parser.add_argument
    add("out", type=Path, metavar="OUT", help="a build (prefs/zh), or the folder that holds zh and en")
    add("--repo", required=True, metavar="NAME/x", help="the dataset repository; made if there is none")
    seen = parser.add_mutually_exclusive_group()
    seen.add_argument("--private", action="store_true", help="only you can see it (default)")
    seen.add_argument("--public", action="store_true", help="everybody can see it, once it is known to have arrived")
    add("--replace", action="store_true", help="remove what publish-prefs did not write")
    add("--dry-run", action="store_true", help="show what would be done, and stop; works without a token")
    add("--json", action="store_true", help="print the result as JSON")
    add("--debug", action="store_true", help="show a traceback when something fails")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    show_any_text()
    return run_command(parse(arguments), _run, NAME, INTERRUPTED)


def _run(options: argparse.Namespace) -> int:
    from builders.publishing.hub_access import checked_name
    from builders.publishing.local_build import find_builds
    from builders.publishing.publish import Order, publish

    order = Order(
        folders=find_builds(options.out),
        repo=checked_name(options.repo),
        public=options.public,
        replace=options.replace,
        dry_run=options.dry_run,
    )
    result = publish(order, partial(complain, NAME))
    if options.json:
        print_json(summarise(order, result))
    else:
        show(order, result)
    return 0


def show(order: "Order", result: "Published") -> None:
    """Say what was done, or would be."""
    for line in _lines(order, result):
        print(line)  # noqa: T201


def _lines(order: "Order", result: "Published") -> list[str]:
    from sources.command.printable import printable

    changes = result.changes
    would = "would be " if order.dry_run else ""
    lines = []
    if order.dry_run:
        lines += [f"  + {item.path}  {item.bytes:,} bytes" for item in changes.add]
        lines += [f"  − {printable(path, max_chars=200)}" for path in changes.delete]
    if not changes:
        lines.append("nothing has changed; nothing was committed" if not order.dry_run else "nothing would be changed")
    else:
        sent, gone = ("to send", "to remove") if order.dry_run else ("sent", "removed")
        removed = f", {len(changes.delete):,} {gone}" if changes.delete else ""
        commit = f" {result.commit[:12]}" * bool(result.commit)
        lines.append(
            f"{result.pairs:,} pairs {would}published in one commit{commit}: "
            f"{len(changes.add):,} files {sent}{removed}, {changes.bytes / 1e6:,.1f} MB"
        )
    if order.dry_run and result.is_new:
        lines.append("the repository would be made first, private")
    if result.commit:
        lines.append("loaded back: rows, contents and file hashes are those of the manifest")
    if result.made_public:
        lines.append(f"the repository {would or 'was '}made public")
    if result.not_checked:
        lines.append(result.not_checked)
    return [*lines, f"→ {result.url}"]


def summarise(order: "Order", result: "Published") -> dict[str, object]:
    """What was done, or would be, for --json."""
    return {
        "repo": order.repo,
        "url": result.url,
        "dry_run": order.dry_run,
        "commit": result.commit or None,
        "added": [item.path for item in result.changes.add],
        "removed": result.changes.delete,
        "bytes": result.changes.bytes,
        "pairs": result.pairs,
        "new_repository": result.is_new,
        "made_public": result.made_public,
        **({"not_checked": result.not_checked} if result.not_checked else {}),
    }


if __name__ == "__main__":
    sys.exit(main())
