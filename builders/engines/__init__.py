"""Where the stages of a build run."""
