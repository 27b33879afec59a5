"""One upstream row as the row that the lm-eval task reads: the columns it needs, of the types it expects.

Each function raises ValueError with what is wrong with the row.
"""

from typing import Any

Row = dict[str, Any]

LABELS = ("回复1", "回复2")
SEEN_CHARS = 40


def fit_cvalues(row: Row) -> Row:
    """{"prompt": "…[回复1]…[回复2]…", "label": "回复1", "meta_info": {…}}, of which meta_info is left out."""
    return {"prompt": _text(row, "prompt"), "label": _one_of(row, "label", LABELS)}


def fit_copa(row: Row) -> Row:
    """{"premise": …, "choice1": …, "choice2": …, "question": "cause", "label": 0, "idx": 0}"""
    texts = {name: _text(row, name) for name in ("premise", "choice1", "choice2")}
    return {**texts, "question": _one_of(row, "question", ("cause", "effect")), "label": _number(row, "label", 2)}


def fit_cmmlu(row: Row) -> Row:
    """,Question,A,B,C,D,Answer with the row's number in front. An option may be empty, as it is in some rows."""
    options = {name: _string(row, name) for name in "ABCD"}
    return {"Question": _text(row, "Question"), **options, "Answer": _one_of(row, "Answer", tuple("ABCD"))}


def fit_hellaswag(row: Row) -> Row:
    """{"activity_label": …, "ctx_a": …, "ctx_b": …, "endings": [four], "label": 3 or "3", …}"""
    endings = row.get("endings")
    if not isinstance(endings, list) or len(endings) != 4 or not all(isinstance(text, str) for text in endings):
        raise ValueError(f"endings is {_seen(endings)}; expected four texts")
    texts = {name: _string(row, name) for name in ("activity_label", "ctx_a", "ctx_b")}
    return {**texts, "endings": endings, "label": str(_number(row, "label", 4))}


def fit_triviaqa(row: Row) -> Row:
    """{"question": …, "answer": {"aliases": [every answer that counts], …}, …}"""
    answer = row.get("answer")
    aliases = answer.get("aliases") if isinstance(answer, dict) else None
    if not isinstance(aliases, list) or not aliases or not all(isinstance(alias, str) for alias in aliases):
        raise ValueError(f"answer.aliases is {_seen(aliases)}; expected a list of answers")
    return {"question": _text(row, "question"), "answer": {"aliases": aliases}}


def _string(row: Row, name: str) -> str:
    if name not in row:
        raise ValueError(f"no column {name}; found {', '.join(map(str, row))}")
    if not isinstance(row[name], str):
        raise ValueError(f"{name} is {_seen(row[name])}; expected a text")
    return str(row[name])


def _text(row: Row, name: str) -> str:
    text = _string(row, name)
    if not text.strip():
        raise ValueError(f"{name} is empty")
    return text


def _one_of(row: Row, name: str, allowed: tuple[str, ...]) -> str:
    value = _string(row, name).strip()
    if value not in allowed:
        raise ValueError(f"{name} is {_seen(value)}; expected {' or '.join(allowed)}")
    return value


def _number(row: Row, name: str, count: int) -> int:
    """A label from 0 to count - 1. Test files, whose answers are secret, have -1 or an empty text."""
    value = row.get(name)
    if isinstance(value, bool) or str(value) not in map(str, range(count)):
        raise ValueError(f"{name} is {_seen(value)}; expected 0 to {count - 1} (a test split has no answers)")
    return int(str(value))


def _seen(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= SEEN_CHARS else f"{shown[:SEEN_CHARS]}…"
