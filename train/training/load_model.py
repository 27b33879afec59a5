"""A model and its tokenizer, from a folder or the Hub, without running any code that comes with them."""

from pathlib import Path
from typing import Any

from sources.command.errors import FetchError, MissingFileError, PrefsError, ReadError
from sources.fetch.download import without_secrets

FLAG = "--model"


def load_config(name: str, revision: str | None = None) -> Any:
    """The configuration of a model.

    Raises:
        FetchError: it is not there, or is no model that transformers knows.
    """
    from transformers import AutoConfig

    _look(name)
    try:
        config = AutoConfig.from_pretrained(name, revision=revision, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _explain(name, error) from error
    if not config.architectures or not config.architectures[0].endswith("ForCausalLM"):
        found = f"is a {', '.join(config.architectures or ['model without a head'])}"
        raise ReadError(f"{FLAG} {name}", found, expected="a causal language model (...ForCausalLM)")
    return config


def load_tokenizer(name: str, revision: str | None = None) -> Any:
    """The tokenizer of a model.

    Raises:
        FetchError: there is none.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise _explain(name, error, "tokenizer") from error


def load_model(name: str, revision: str | None, **kwargs: Any) -> Any:
    """The weights, as TRL loads them: in float32 unless `dtype` says otherwise.

    Raises:
        FetchError: they are not there, or do not fit the configuration.
    """
    from safetensors import SafetensorError
    from trl.trainer.utils import create_model_from_path

    try:
        return create_model_from_path(name, revision=revision, trust_remote_code=False, **kwargs)
    except SafetensorError as error:
        raise ReadError(
            f"{FLAG} {name}", f"weights are broken ({error})", hint="Copy or download them again."
        ) from error
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise _explain(name, error, "model") from error


def count_parameters(config: Any) -> int:
    """How many a model of this configuration has, without making them."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    return sum(parameter.numel() for parameter in model.parameters())


def _look(name: str) -> None:
    """Nothing, if `name` may be a model: a folder that holds one, or a name for the Hub."""
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            adapter = (folder / "adapter_config.json").is_file()
            hint = (
                "Merge the adapter into its model first." if adapter else "Give the folder that save_pretrained wrote."
            )
            found = "holds an adapter, not a model" if adapter else "has no config.json"
            raise MissingFileError(f"{FLAG} {name}", found, hint=hint)
    elif name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise MissingFileError(f"{FLAG} {name}", "no such folder", expected="a folder, or owner/name on the Hub")


def _explain(name: str, error: Exception, what: str = "configuration") -> PrefsError:
    first = without_secrets(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "trust_remote_code" in str(error) or "custom code" in str(error):
        hint = (
            "Code that comes with a model is not run here. Convert it (synth.convert_baichuan does so for Baichuan-7B)."
        )
        return ReadError(f"{FLAG} {name}", "is a model that brings its own code", hint=hint)
    kind = ReadError if Path(name).is_dir() else FetchError
    hint = (
        "" if Path(name).is_dir() else "Check the name, the network and HF_TOKEN, or set HF_ENDPOINT to a mirror site."
    )
    return kind(f"{FLAG} {name}", f"the {what} cannot be loaded ({first})", hint=hint)
