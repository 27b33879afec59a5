"""A built dataset onto the Hub, as one page of prose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from builders.card.facts import Facts
from builders.publishing.changes import Changes, Repository, check_replaceable, find_changes
from builders.publishing.contents import Item, contents
from builders.publishing.hub import Hub
from builders.publishing.hub_access import HOW_TO_LOG_IN
from builders.publishing.load_back import Wanted, compare, load_back
from builders.publishing.local_build import check_build
from sources.command.errors import PublishError

NOT_CHECKED = f"not checked, for want of a token: whether that name may be written, and what it holds. {HOW_TO_LOG_IN}"


@dataclass(frozen=True, slots=True)
class Order:
    """What to publish where."""

    folders: Sequence[Path]
    repo: str
    public: bool = False
    replace: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """What became of it: `commit` is empty where nothing had to be changed, or was not to be.

    `not_checked` says what a dry run without a token could not ask the Hub; `is_new` is None then.
    """

    url: str
    changes: Changes = field(repr=False)
    items: list[Item] = field(repr=False)
    is_new: bool | None
    made_public: bool
    pairs: int
    commit: str = ""
    not_checked: str = ""


def check_target(order: Order, langs: Sequence[str]) -> tuple[Hub, Repository | None]:
    """The repository that is to be written, found to be ours to write; a dry run without a token asks nothing.

    Raises:
        UsageError: the name is none.
        PublishError: the token is missing or may not write, or the repository holds something else, or is public.
    """
    hub = Hub(order.repo)
    if order.dry_run and not hub.token:
        return hub, None
    hub.check_token()
    repository = hub.look()
    if repository is not None:
        if not order.replace:
            check_replaceable(order.repo, langs, repository)
        if not repository.private and not order.public:
            raise PublishError(
                order.repo, "is public", hint="Give --public to publish there, or make it private in its settings."
            )
    return hub, repository


def publish(order: Order, tell: Callable[[str], None]) -> Published:
    """Check the builds, look at the repository, make it hold them by one commit, and load them back.

    Raises:
        PrefsError: says where, what and what to do; the repository is as it was, unless the text says otherwise.
    """
    builds = {folder: check_build(folder) for folder in order.folders}
    langs = [facts.lang for facts in builds.values()]
    items = contents(builds, order.repo)
    hub, repository = check_target(order, langs)
    is_new = repository is None
    changes = find_changes(items, repository) if repository else Changes(items, [])
    made_public = order.public and (repository is None or repository.private)
    pairs = sum(facts.pairs for facts in builds.values())
    if order.dry_run:
        return Published(
            hub.url,
            changes,
            items,
            is_new if hub.token else None,
            made_public,
            pairs,
            not_checked="" if hub.token else NOT_CHECKED,
        )
    commit = ""
    if changes:
        before = repository or hub.create()
        changes = changes if repository else find_changes(items, before)
        tell(f"sending {changes.bytes / 1e6:,.1f} MB in {len(changes.add):,} files")
        commit = hub.commit(changes, _message(builds), before)
        tell(f"committed as {commit[:12]}; loading it back")
        check_back(hub, builds, items, commit)
    elif made_public and repository:
        check_back(hub, builds, items, repository.head)
    if made_public:
        hub.make_public()
    return Published(hub.url, changes, items, is_new, made_public, pairs, commit)


def check_back(hub: Hub, builds: dict[Path, Facts], items: list[Item], commit: str) -> None:
    """Load what was committed and compare it with the manifests.

    Raises:
        PublishError: it does not come, or comes back different.
    """
    rows = {one.lang: {split: one.total[split] for split in one.splits} for one in builds.values()}
    files = {item.path: item.sha256 for item in items if item.path.endswith(".parquet")}
    wanted = Wanted(hub.repo, commit, list(rows), list(files))
    compare(load_back(wanted, hub.endpoint, hub.token), rows, files, wanted)


def _message(builds: dict[Path, Facts]) -> str:
    facts = list(builds.values())
    name, version = facts[0].manifest["recipe"]["name"], facts[0].manifest["built_with"]["build-prefs"]
    return f"Publish {name} ({', '.join(one.lang for one in facts)}), built by build-prefs {version}"
