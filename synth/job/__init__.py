"""What a run of synth-prefs is to do: its recipe, prompts and models, and the requests made from them."""
