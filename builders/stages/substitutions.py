"""The words that two texts have in place of one another."""

import re

import numpy as np

from sources.text.texts import PairTexts

WORD = re.compile(r"[^\W\d_㐀-鿿][^\W_㐀-鿿]*|[㐀-鿿]")
"""A letter with the letters and digits after it, or a Han character; marks and numbers are no words."""

STEM = 4
"""Letters of a word that count: "revoke" and "revoking" are one word here."""

MIN_INSERTED = 3
"""Shorter words that one text has more than the other say nothing."""

MIN_SHARED, MIN_SHARED_IN_ANSWER = 0.5, 0.25
"""Of what differs between the prompts so much differs alike between two answers, and it is so much of what they differ
in: among many edits some agree by chance."""

MAX_WORDS = 4096
"""Longer texts are not looked at: what their edits are says little, and takes long."""

Replacements = set[tuple[str, str]]
"""(word, other word) where one stands for the other, (word, "insert") or (word, "delete") where nothing does."""


def replaced_alike(texts: PairTexts, which: np.ndarray, left: np.ndarray, right: np.ndarray, size: int) -> np.ndarray:
    """bool[size]: whether most words that differ between two prompts differ in the same way between two answers.

    Text left[i] and text right[i] are one side of the pair of pairs which[i]. "Create a bucket", answered by how to
    create one, and "delete a bucket", answered by how to delete one, are two tasks; edits do not agree like that.
    """

    def replacements(at: int) -> Replacements:
        return _replacements(texts.normal(int(left[at])), texts.normal(int(right[at])))

    is_prompt = left % 3 == 0
    prompts = {int(which[at]): replacements(at) for at in np.flatnonzero(is_prompt).tolist()}
    alike = np.zeros(size, dtype=bool)
    for at in np.flatnonzero(~is_prompt).tolist():
        pair = int(which[at])
        if (prompt := prompts.get(pair)) and not alike[pair]:
            alike[pair] = _agree(prompt, replacements(at))
    return alike


def _agree(prompt: Replacements, answer: Replacements) -> bool:
    shared = len(prompt & answer)
    return shared > 0 and shared >= MIN_SHARED * len(prompt) and shared >= MIN_SHARED_IN_ANSWER * len(answer)


def _replacements(text: str, other: str) -> Replacements:
    from rapidfuzz.distance import Levenshtein

    words, others = ([word[:STEM] for word in WORD.findall(each.lower())] for each in (text, other))
    if max(len(words), len(others)) > MAX_WORDS:
        return set()
    found: Replacements = set()
    for edit in Levenshtein.opcodes(words, others):
        before, after = words[edit.src_start : edit.src_end], others[edit.dest_start : edit.dest_end]
        if edit.tag == "replace":
            found |= set(zip(before, after, strict=False))
        elif edit.tag in ("insert", "delete"):
            found |= {(word, edit.tag) for word in before + after if len(word) >= MIN_INSERTED}
    return found
