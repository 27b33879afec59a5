"""A linter for anybody's preference data: the checks of a build, told rather than acted on."""
