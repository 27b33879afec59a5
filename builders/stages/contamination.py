"""Contamination: a prompt that contains the question of a benchmark.

Prompts and questions are compared as letters and digits in lower case. A question of enough of them is looked for
anywhere in the prompt, a shorter one must be the whole prompt ("为什么？" stands in many an innocent one).
"""

from collections import defaultdict

import numpy as np
import pyarrow as pa

from builders.stages.benchmarks import Question
from sources.command.printable import printable
from sources.text.codes import Codes, text_keys
from sources.text.ngrams import window_hashes
from sources.text.texts import Texts

WINDOW = 8
"""Every question to be found inside a prompt is at least this many letters long."""

MIN_LETTERS_HAN, MIN_LETTERS_LATIN = 10, 24
FILTER_BITS = 22


class ContaminationIndex:
    """The questions of all benchmarks, ready to be looked for in batches of prompts."""

    def __init__(self, questions: list[Question]) -> None:
        self._questions = questions
        texts = Texts(
            pa.array([question.text for question in questions], pa.string()), np.zeros(len(questions), np.int64)
        )
        self._letters = texts.letters(np.arange(len(questions)))
        lengths = self._letters.lengths
        least = np.where(_mostly_han(self._letters), MIN_LETTERS_HAN, MIN_LETTERS_LATIN)
        short = np.flatnonzero((lengths > 0) & (lengths < least))
        self._short_chars = int(lengths[short].max(initial=0))
        self._by_key = dict(zip(text_keys(self._letters.select(short)).tolist(), short.tolist(), strict=True))
        self._by_start: dict[int, list[int]] = defaultdict(list)
        self._filter = np.zeros(1 << FILTER_BITS, dtype=bool)
        if len(self._letters.flat):
            starts = window_hashes(self._letters.flat, WINDOW)
            for place in np.flatnonzero(lengths >= least).tolist():
                start = starts[self._letters.offsets[place]]
                self._by_start[int(start)].append(place)
                self._filter[int(start) & (len(self._filter) - 1)] = True

    def __len__(self) -> int:
        return len(self._questions)

    def search(self, prompts: Codes) -> dict[int, str]:
        """The prompts (as letters) that contain a question, each with the benchmark, the item and the matched text."""
        hits: dict[int, str] = {}
        if not self._questions or not len(prompts.flat):
            return hits
        short = np.flatnonzero(prompts.lengths <= self._short_chars)
        for row, key in zip(short.tolist(), text_keys(prompts.select(short)).tolist(), strict=True):
            if key in self._by_key:
                hits[row] = self._evidence(self._by_key[key])
        hashes = window_hashes(prompts.flat, WINDOW)
        for at in np.flatnonzero(self._filter[hashes & np.uint64(len(self._filter) - 1)]).tolist():
            for place in self._by_start.get(int(hashes[at]), ()):
                row = int(np.searchsorted(prompts.offsets, at, side="right") - 1)
                if row not in hits and self._stands_at(place, prompts, at, row):
                    hits[row] = self._evidence(place)
        return hits

    def _stands_at(self, place: int, prompts: Codes, at: int, row: int) -> bool:
        question = self._letters.of(place)
        end = at + len(question)
        return end <= prompts.offsets[row + 1] and np.array_equal(prompts.flat[at:end], question)

    def _evidence(self, place: int) -> str:
        question = self._questions[place]
        return f"{question.benchmark} {question.item}: {printable(question.text, max_chars=120)}"


def _mostly_han(letters: Codes) -> np.ndarray:
    """Whether most code points of each text lie beyond the alphabets: a Han character says as much as a word."""
    beyond = np.concatenate([[0], np.cumsum(letters.flat >= 0x2E80)])
    return np.asarray(np.diff(beyond[letters.offsets]) * 2 > letters.lengths)
