"""A linter for anybody's preference data: the checks of a build, reported and not acted on."""
