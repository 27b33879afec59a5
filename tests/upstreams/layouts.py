"""The rows of the datasets of today in their true layouts, made of questions with answers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A question, in `earlier` what was said before it (the user first), and its answers, the best first."""

    number: int
    lang: str
    question: str
    answers: tuple[str, ...]
    earlier: tuple[str, ...] = ()

    def numbered(self, number: int) -> "Item":
        return replace(self, number=number)

    def after(self, *earlier: str) -> "Item":
        """The same question after an exchange."""
        return replace(self, earlier=earlier)

    @property
    def best(self) -> str:
        return self.answers[0]

    @property
    def worst(self) -> str:
        return self.answers[-1]

    @property
    def turns(self) -> list[tuple[str, str]]:
        said = [*self.earlier, self.question]
        return [(("user", "assistant")[place % 2], content) for place, content in enumerate(said)]


ZH = Item(1, "zh", "说出一种水果。", ("苹果。", "梨。", "白菜。"))
EN = Item(1, "en", "Name a fruit.", ("An apple.", "A pear.", "A cabbage."))
ASPECTS = ("instruction_following", "honesty", "truthfulness", "helpfulness")
ZH_MODELS = ("deepseek-v3", "qwen2.5-72b", "glm-4-9b-chat", "qwen2.5-1.5b")
EN_MODELS = ("gpt-4", "llama-2-70b-chat", "falcon-40b-instruct", "alpaca-7b")
LANGUAGES = {"zh": "chinese", "en": "english"}
HARMS = ("Insulting Behavior", "Disrupting Public Order", "Privacy Violation")


def annotations(rating: int) -> Row:
    return {aspect: {"Rating": str(rating), "Rationale": "..."} for aspect in ASPECTS}


def rated(item: Item, models: tuple[str, ...]) -> list[Row]:
    return [
        {"model": model, "response": said, "overall_score": 5.0 - place, "annotations": annotations(5 - place)}
        for place, (model, said) in enumerate(zip(models, item.answers, strict=False))
    ]


def ultrafeedback_zh(item: Item) -> Row:
    return {"source": "smoltalk-chinese", "instruction": item.question, "completions": rated(item, ZH_MODELS)}


def coig_p(item: Item) -> Row:
    return {
        "conversations": [{"from": "human", "value": item.question}],
        "chosen": {"from": "gpt", "value": item.best},
        "rejected": {"from": "gpt", "value": item.worst},
    }


def cheems(item: Item) -> Row:
    """By turns with ranks, with compared answers, and flat."""
    responses = [{"id": place, "content": said} for place, said in enumerate(item.answers)]
    places = range(len(item.answers))
    if item.number % 3 == 0:
        ranks = {str(place): place + 1 for place in places}
        return {"input": item.question, "responses": responses, "annotations": [[0, 1, "1"]], "rank": ranks}
    if item.number % 3 == 1:
        compared = [[0, place, "1"] for place in reversed(places[1:])]
        return {"input": item.question, "responses": responses, "annotations": compared, "category": ["open"]}
    return {"input": item.question, "answer1": item.worst, "answer2": item.best, "preference": 2}


def helpsteer3(item: Item) -> Row:
    first = bool(item.number % 2)
    sides = (item.best, item.worst) if first else (item.worst, item.best)
    strength = -2 if first else 2
    return {
        "domain": "multilingual" if item.lang == "zh" else "general",
        "language": LANGUAGES[item.lang],
        "context": [{"role": role, "content": content} for role, content in item.turns],
        "response1": sides[0],
        "response2": sides[1],
        "overall_preference": strength,
        "individual_preference": [
            {"score": strength, "reasoning": "..."},
            {"score": strength // 2, "reasoning": "..."},
        ],
    }


def helpsteer2(item: Item) -> Row:
    first = bool(item.number % 2)
    sides = (item.best, item.worst) if first else (item.worst, item.best)
    better, worse = (1, 2) if first else (2, 1)
    return {
        "split": "train",
        "prompt": item.question,
        "response_1": sides[0],
        "response_2": sides[1],
        "preference_strength": -2 if first else 2,
        "preference_statement": f"Response {better} is better than Response {worse}.",
        "preference_elaboration": "...",
        "three_most_similar_preferences": [],
        "all_preferences_unprocessed": [],
    }


def dpo_en_zh_20k(item: Item) -> Row:
    names = {"user": "human", "assistant": "gpt"}
    return {
        "conversations": [{"from": names[role], "value": content} for role, content in item.turns],
        "chosen": {"from": "gpt", "value": item.best},
        "rejected": {"from": "gpt", "value": item.worst},
    }


def ultrafeedback(item: Item) -> Row:
    completions = [
        {
            **each,
            "principle": "helpfulness",
            "custom_system_prompt": "Be helpful.",
            "fine-grained_score": 4.0,
            "critique": "...",
        }
        for each in rated(item, EN_MODELS)
    ]
    models = [each["model"] for each in completions]
    lists: dict[str, list[str]] = {"correct_answers": ["None"], "incorrect_answers": ["None"]}
    return {
        "source": "evol_instruct",
        "instruction": item.question,
        "models": models,
        "completions": completions,
    } | lists


def dialogue(item: Item, answer: str, **more: Any) -> list[Row]:
    return [{"role": role, "content": content, **more} for role, content in (*item.turns, ("assistant", answer))]


def dolci_dpo(item: Item) -> Row:
    left = {"country": "Nowhere", "hashed_ip": f"{item.number:064x}", "header": {"user-agent": "..."}, "toxic": False}
    more = {**left, "language": "English", "function_calls": None}
    return {
        "chosen": dialogue(item, item.best, **more),
        "rejected": dialogue(item, item.worst, **more),
        "chosen_model": "Qwen3-32B",
        "rejected_model": "Qwen3-0.6B",
        "prompt_id": f"p{item.number}",
        "preference_type": "delta_learning",
    }


def tulu3_8b(item: Item) -> Row:
    sides = {"chosen": dialogue(item, item.best), "rejected": dialogue(item, item.worst)}
    return {"id": f"t{item.number}", "source": "personas-if", "prompt": item.question, **sides}


def parts(messages: list[Row]) -> list[Row]:
    return [
        {
            "role": each["role"],
            "content": [{"type": "text", "text": each["content"], "image": None, "mimeType": None}],
            "num_tokens": 7,
        }
        for each in messages
    ]


def arena_140k(item: Item) -> Row:
    first = bool(item.number % 2)
    sides = [parts(dialogue(item, said)) for said in ((item.best, item.worst) if first else (item.worst, item.best))]
    return {
        "id": f"a{item.number}",
        "model_a": "model-1",
        "model_b": "model-2",
        "winner": "model_a" if first else "model_b",
        "evaluation_session_id": f"s{item.number}",
        "evaluation_order": 1,
        "conversation_a": sides[0],
        "conversation_b": sides[1],
        "language": item.lang,
        "is_code": False,
    }


def pku_safe_rlhf(item: Item) -> Row:
    better = item.number % 2
    sides = (item.worst, item.best) if better else (item.best, item.worst)
    row: Row = {
        "prompt": item.question,
        "prompt_source": "Alpaca3-70B",
        "better_response_id": better,
        "safer_response_id": better,
    }
    for side, said in enumerate(sides):
        is_safe = side == better
        row |= {
            f"response_{side}": said,
            f"response_{side}_source": "Alpaca-7B",
            f"is_response_{side}_safe": is_safe,
            f"response_{side}_harm_category": {name: not is_safe and name == HARMS[item.number % 3] for name in HARMS},
            f"response_{side}_severity_level": 0 if is_safe else 1,
            f"response_{side}_sha256": "0" * 64,
        }
    return row


def skywork_80k(item: Item) -> Row:
    return {"chosen": dialogue(item, item.best), "rejected": dialogue(item, item.worst), "source": "magpie_air"}


def hh_rlhf(item: Item) -> Row:
    marks = {"user": "Human", "assistant": "Assistant"}
    asked = "".join(f"\n\n{marks[role]}: {content}" for role, content in item.turns)
    return {side: f"{asked}\n\nAssistant: {said}" for side, said in (("chosen", item.best), ("rejected", item.worst))}


def nectar(item: Item) -> Row:
    answers = [
        {"answer": said, "model": model, "rank": float(place)}
        for place, (said, model) in enumerate(zip(item.answers, EN_MODELS, strict=False), 1)
    ]
    return {"prompt": f"\n\nHuman: {item.question}\n\nAssistant: ", "answers": answers[::-1], "source": ["sharegpt"]}


def infinity_preference(item: Item) -> Row:
    sides = {"chosen": dialogue(item, item.best), "rejected": dialogue(item, item.worst)}
    return {"id": item.number, "prompt": item.question, "task_category": "chat", **sides}


def orca_dpo(item: Item) -> Row:
    return {"system": "You are an assistant.", "question": item.question, "chosen": item.best, "rejected": item.worst}


LAYOUTS: dict[str, Callable[[Item], Row]] = {
    make.__name__: make
    for make in (
        ultrafeedback_zh, coig_p, cheems, helpsteer3, helpsteer2, dpo_en_zh_20k, ultrafeedback, dolci_dpo, tulu3_8b,
        arena_140k, pku_safe_rlhf, skywork_80k, hh_rlhf, nectar, infinity_preference, orca_dpo,
    )
}  # fmt: skip
