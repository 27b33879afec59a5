"""What synth-prefs does, as a function."""
