"""Whether a folder given as the model leaves it open what the reference is."""

import json
from pathlib import Path

RUN = "run.json"
STATE = "trainer_state.json"
OPTIONS = "training_args.bin"


def reference_is_unclear(model: str | Path) -> str | None:
    """Why DPO from this folder may measure against the wrong reference; None where it is clear.

    TRL takes the model it starts from as the reference, so what a DPO run wrote would become its own reference: to go
    on with that run is `--resume`, and a second DPO on its result is meant only if somebody says so. A checkpoint of
    supervised fine-tuning is a clear reference.
    """
    folder = Path(model)
    if (folder / RUN).is_file():
        return f"is the output of a DPO run{_of_model(folder / RUN)}, which would become its own reference"
    kinds = [kind for kind in (_by_options(folder / OPTIONS), _by_log(folder / STATE)) if kind is not None]
    if any(kinds):
        return "was written by a DPO run, whose model would become its own reference"
    if not kinds and (folder / STATE).is_file():
        return f"is a checkpoint of a run that does not say what it trained (it has {STATE} and no {OPTIONS})"
    return None


def _of_model(run: Path) -> str:
    try:
        name = json.loads(run.read_bytes())["model"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return f" (it has {RUN})"
    return f" from {name}"


def _by_options(path: Path) -> bool | None:
    """Whether a pickle names a configuration of DPO; it is not unpickled, which would run its code."""
    return b"DPOConfig" in path.read_bytes() if path.is_file() else None


def _by_log(path: Path) -> bool | None:
    """Whether rewards were logged; None where nothing was."""
    try:
        log = json.loads(path.read_bytes())["log_history"]
        names = {name for entry in log for name in entry}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return "rewards/margins" in names if names else None
