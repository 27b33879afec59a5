"""What data_cards/ says about the sources of a build and about licences, and the citations in it."""

import re
from collections.abc import Iterable
from pathlib import Path

from sources.command.markdown import code

CARDS = Path(__file__).parent.parent.parent / "data_cards"
BIBTEX = re.compile(r"^```bibtex\n(.*?)^```\s*", re.DOTALL | re.MULTILINE)
CITATION = re.compile(r"^## Citation\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)


def template() -> str:
    """The Hub card with its blanks."""
    return (CARDS / "hub_card.md").read_text(encoding="utf-8")


def licence_words() -> dict[str, str]:
    """The paragraphs of data_cards/licences.md by their headings, each on one line."""
    _, *sections = re.split(r"^## ", (CARDS / "licences.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    parts = (section.partition("\n") for section in sections)
    return {heading: " ".join(text.split()) for heading, _, text in parts}


def words(sources: Iterable[str]) -> str:
    """The data cards of these sources, headings two levels lower, the citations left to their own section."""
    return "\n\n".join(_about(source) for source in sources)


def citations(sources: Iterable[str]) -> str:
    """Every BibTeX entry of the sources' data cards, each once, in the order of the sources."""
    entries = [
        entry.strip() for source in sources for block in BIBTEX.findall(_card(source)) for entry in _entries(block)
    ]
    return "\n".join(dict.fromkeys(entries))


def _entries(block: str) -> list[str]:
    return re.split(r"\n(?=@)", block.strip())


def _about(source: str) -> str:
    text = CITATION.sub("", _card(source)).strip()
    if not text:
        return f"### {code(source)}\n\nData of the owner's own, given with `--add`; nothing else is known of it."
    text = re.sub(r"\A# .*", f"### {code(source)}", text)
    return re.sub(r"^## ", "#### ", text, flags=re.MULTILINE)


def _card(source: str) -> str:
    """The data card of a source; empty for data of the user's own."""
    name = "synth" if source in ("synth_zh", "synth_en") else source
    path = CARDS / f"{name}.md"
    is_plain_name = re.fullmatch(r"[a-z0-9_]+", name) and name not in ("hub_card", "licences")
    return path.read_text(encoding="utf-8") if is_plain_name and path.is_file() else ""
