"""A built dataset on the Hugging Face Hub: checked, committed in one step, loaded back."""
