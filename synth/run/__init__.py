"""One run of synth-prefs, from prompts to files."""
