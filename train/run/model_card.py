"""The card of a trained model: README.md, with the front matter that the Hub reads."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import ModelCard
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]
from transformers import Trainer

from sources.command.markdown import bullets, code, plain, share, table
from train.data.fit import Account
from train.data.load_pairs import Origin
from train.run.card_words import citations, how_to_use, limits
from train.run.secrets import mask

CARD = "README.md"
CURVES = "curves.png"
FINGERPRINT_CHARS = 12

RESULTS = {
    "eval_loss": "loss",
    "eval_rewards/accuracies": "accuracy (the chosen answer has the higher reward)",
    "eval_rewards/margins": "margin (reward of chosen − reward of rejected)",
    "eval_rewards/chosen": "reward of chosen",
    "eval_rewards/rejected": "reward of rejected",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card tells.

    `base_model` is as it was given; `sources` are the accounts of the training pairs, `metrics` those of the last
    evaluation (`eval_...`); `status` is one sentence on how the run ended; `licence` None where nobody said it.
    """

    name: str
    base_model: str
    origins: Sequence[Origin]
    sources: Sequence[Account]
    settings: Mapping[str, object]
    metrics: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    languages: Sequence[str] = ()
    licence: str | None = None
    status: str = ""
    is_adapter: bool = False
    uses_ct_llm: bool = False


class OwnModelCard(Trainer):
    """A Trainer that writes `card`, where TRL writes one of its own at every checkpoint and before a push.

    `class Ours(OwnModelCard, DPOTrainer)`; `make_card` may be set at any time, without it there is no card.
    """

    make_card: Any = None

    def create_model_card(self, *_given: Any, **_named: Any) -> None:
        if self.make_card is not None and self.is_world_process_zero():
            write_model_card(Path(self.args.output_dir), self.make_card())


def write_model_card(folder: Path, card: Card) -> Path:
    """README.md of a model's folder, replaced whole; the curves are shown if they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"_{CARD}.part"
    part.write_text(render_card(card, has_curves=(folder / CURVES).is_file()), encoding="utf-8")
    return part.replace(folder / CARD)


def licence_of(model: str) -> str | None:
    """The licence that the card of a model names, where its card is on this machine; nothing is downloaded."""
    from huggingface_hub import try_to_load_from_cache

    path: Any = os.path.join(model, CARD) if os.path.isdir(model) else None
    if path is None and is_hub_id(model):
        path = try_to_load_from_cache(model, CARD)
    if not isinstance(path, str) or not os.path.isfile(path):
        return None
    try:
        found = ModelCard.load(path).data.get("license")
    except (ValueError, OSError, yaml.YAMLError):
        return None
    return found if isinstance(found, str) and re.fullmatch(r"[\w.-]{1,60}", found) else None


def is_hub_id(model: str) -> bool:
    """Whether a model is named as on the Hub, and no folder here."""
    try:
        validate_repo_id(model)
    except HFValidationError:
        return False
    return not os.path.exists(model)


def render_card(card: Card, *, has_curves: bool = False) -> str:
    """The card as Markdown. Every name in it is shown as it is and obeyed nowhere."""
    base = _base(card.base_model)
    kind = "A LoRA adapter" if card.is_adapter else "A model"
    lead = f"{kind} trained by direct preference optimization (DPO) from {base}."
    sections = {
        "": " ".join(each for each in (lead, plain(card.status, 400)) if each),
        "How to use it": how_to_use(card.base_model if is_hub_id(card.base_model) else "", card.is_adapter),
        "Data": _data(card),
        "Settings": _settings(card.settings),
        "Results": _results(card.metrics, has_curves),
        "Limits": limits(has_test=bool(card.metrics), has_licence=bool(card.licence)),
        "Made with": bullets(f"{code(name)} {plain(version)}" for name, version in card.versions.items()),
        "Citations": citations(ct_llm=card.uses_ct_llm),
    }
    body = [f"## {title}\n\n{text}" if title else text for title, text in sections.items() if text]
    return "\n\n".join([f"---\n{front_matter(card)}\n---", f"# {plain(card.name)}", *body]) + "\n"


def front_matter(card: Card) -> str:
    """The YAML between the dashes. A base model or data that are not on the Hub are named in the text only, as the Hub
    would look for them."""
    is_public = is_hub_id(card.base_model)
    datasets = sorted({name for origin in card.origins if (name := _hub_dataset(origin))})
    languages = sorted({lang for lang in card.languages if re.fullmatch("[a-z]{2,3}", lang)})
    header: dict[str, Any] = {
        **({"language": languages} if languages else {}),
        **({"license": card.licence} if card.licence else {}),
        "library_name": "peft" if card.is_adapter else "transformers",
        "pipeline_tag": "text-generation",
        **({"base_model": card.base_model} if is_public else {}),
        **({"base_model_relation": "adapter" if card.is_adapter else "finetune"} if is_public else {}),
        **({"datasets": datasets} if datasets else {}),
        "tags": ["dpo", "preference", "trl", *(["lora"] if card.is_adapter else [])],
    }
    return yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=1000).rstrip("\n")


def _base(model: str) -> str:
    return f"[{plain(model)}](https://huggingface.co/{model})" if is_hub_id(model) else code(_name(model))


def _name(given: str) -> str:
    """What was given, of a path from elsewhere its end: where it lay on somebody's machine is nobody's business."""
    return Path(given).name or "." if given.startswith(("/", "~", "..")) else mask(given)


def _hub_dataset(origin: Origin) -> str:
    name = re.split("[@:]", origin.given, maxsplit=1)[0]
    return name if origin.kind == "hub" and is_hub_id(name) else ""


def _data(card: Card) -> str:
    origins = [
        (code(_name(each.given)), each.kind, each.train, each.test, code(each.fingerprint[:FINGERPRINT_CHARS]))
        for each in card.origins
    ]
    rows = [
        (
            code(each.source),
            each.pairs,
            each.kept,
            share(each.kept, total),
            each.cut_chosen + each.cut_rejected,
            _reasons(each.left_out),
        )
        for total in [sum(source.kept for source in card.sources)]
        for each in sorted(card.sources, key=lambda source: (-source.kept, source.source))
    ]
    header = ["source", "training pairs", "used", "share", "answers cut", "left out"]
    return "\n\n".join(
        [
            table(["data", "kind", "train", "test", "fingerprint begins"], origins),
            *([table(header, rows)] if rows else []),
            "The fingerprint is the SHA-256 of the build's manifest or of the files, or the commit on the Hub; "
            "`run.json` holds it whole.",
        ]
    )


def _reasons(left_out: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{count:,} {plain(reason.replace('_', ' '))}" for reason, count in left_out.items() if count)
        or "none"
    )


def _settings(settings: Mapping[str, object]) -> str:
    rows = [(code(name), code(_shown(value))) for name, value in settings.items()]
    return f"{table(['setting', 'value'], rows)}\n\nAll others are in `run.json`." if rows else ""


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return mask(", ".join(map(str, value))) or "none"
    return "none" if value in (None, "") else mask(str(value))


def _results(metrics: Mapping[str, float], has_curves: bool) -> str:
    rows = [(what, f"{metrics[key]:.4f}") for key, what in RESULTS.items() if key in metrics]
    parts = [f"On the test pairs of the data, at the end:\n\n{table(['measure', 'value'], rows)}"] if rows else []
    names = sorted({match[1] for key in metrics if (match := re.fullmatch("eval_source/(.*)/accuracy", key))})
    if names:
        by_source = [
            (
                code(name),
                *(_number(metrics.get(f"eval_source/{name}/{what}")) for what in ("accuracy", "margin", "loss")),
            )
            for name in names
        ]
        parts.append(table(["source", "accuracy", "margin", "loss"], by_source))
    if has_curves:
        parts.append(f"![Loss, accuracy, margins and rewards over the steps of the training]({CURVES})")
    return "\n\n".join(parts)


def _number(value: float | None) -> str:
    return "·" if value is None else f"{value:.4f}"
