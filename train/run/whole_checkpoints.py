"""A Trainer whose checkpoints appear under their names when they are whole, and not before.

The Trainer's own code writes them, into `_unfinished/` beside them; a rename ends it. That is all that differs, so
any kind of model, sharded or not, is saved as the Trainer saves it. All processes must see the same output folder.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers import Trainer
from transformers.trainer_utils import rotate_checkpoints

from sources.files.folder import put_in_place
from train.run.checkpoints import UNFINISHED
from train.run.failed_save import explain_failed_save

STATE = "trainer_state.json"
CARD = "README.md"


class WholeCheckpoints(Trainer):
    """Stands before TRL's trainer: `class Ours(WholeCheckpoints, DPOTrainer)`."""

    _saves_aside = False

    def _get_output_dir(self, trial: Any) -> str:
        """Where the Trainer puts checkpoints: aside, while it writes one."""
        folder: str = super()._get_output_dir(trial)
        return os.path.join(folder, UNFINISHED) if self._saves_aside else folder

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """As the Trainer does, whole or not at all; older ones go only when the new one stands.

        Raises:
            OutputError: the disk is full or cannot be written; the checkpoint before this one is as it was.
        """
        folder = Path(super()._get_output_dir(trial))
        target = folder / f"checkpoint-{self.state.global_step}"
        with self._explained(folder, target):
            self._start_afresh(folder)
            self._saves_aside = True
            try:
                super()._save_checkpoint(model, trial)
            finally:
                self._saves_aside = False
            self._point_to_best(folder, target)
            self.accelerator.wait_for_everyone()
            if self.is_world_process_zero():
                self._finish(folder, target)
        self.accelerator.wait_for_everyone()
        if self.args.push_to_hub:
            super()._push_from_checkpoint(str(target))

    def _push_from_checkpoint(self, checkpoint_folder: str) -> None:
        """Not from where it is still being written: the upload goes on while the folder gets its name."""
        if not self._saves_aside:
            super()._push_from_checkpoint(checkpoint_folder)

    def save_final_model(self) -> None:
        """The model in the output folder, each file under its name only when all are whole; the card is left alone.

        Raises:
            OutputError: the disk is full or cannot be written; no file in the folder has changed.
        """
        folder = Path(self.args.output_dir)
        aside = folder / UNFINISHED / "model"
        if self.is_fsdp_enabled:
            self.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
        with self._explained(folder, folder):
            self._start_afresh(folder)
            self.save_model(str(aside), _internal_call=True)
            self.accelerator.wait_for_everyone()
            if self.is_world_process_zero():
                _move_files(aside, folder)
        self.accelerator.wait_for_everyone()

    def _start_afresh(self, folder: Path) -> None:
        """Nothing of an earlier save is in the way when the first process starts to write."""
        if self.is_world_process_zero():
            shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
        self.accelerator.wait_for_everyone()

    def _point_to_best(self, folder: Path, target: Path) -> None:
        """The state names the best checkpoint by the name that it will have."""
        if not self.state.best_global_step:
            return
        best = folder / f"checkpoint-{self.state.best_global_step}"
        if best == target or best.is_dir():
            self.state.best_model_checkpoint = str(best)
        if self.is_world_process_zero():
            self.state.save_to_json(str(folder / UNFINISHED / target.name / STATE))

    def _finish(self, folder: Path, target: Path) -> None:
        put_in_place(folder / UNFINISHED / target.name, target)
        shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
        rotate_checkpoints(
            output_dir=str(folder),
            save_total_limit=self.args.save_total_limit,
            best_model_checkpoint=self.state.best_model_checkpoint,
            use_mtime=False,
        )

    @contextmanager
    def _explained(self, folder: Path, target: Path) -> Iterator[None]:
        """A write that fails leaves nothing behind, and says in one line what happened.

        The other processes are not told: they wait for this one, and whoever started them ends them with it.
        """
        try:
            yield
        except BaseException as error:
            told = explain_failed_save(error, target, folder) if isinstance(error, Exception) else None
            if self.is_world_process_zero():
                shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
            if told is None:
                raise
            raise told from error


def _move_files(made: Path, folder: Path) -> None:
    """All files of `made` under their names in `folder`, after they are on the disk; PEFT's card is not ours."""
    (made / CARD).unlink(missing_ok=True)
    whole = made.with_name("whole-model")
    put_in_place(made, whole)
    for path in sorted(whole.iterdir()):
        if path.is_dir():
            shutil.rmtree(folder / path.name, ignore_errors=True)
        path.replace(folder / path.name)
    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
