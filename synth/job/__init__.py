"""What a run of synth-prefs is asked to do: recipe, prompts, models, and the requests that follow."""
