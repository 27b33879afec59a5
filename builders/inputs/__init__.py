"""What a build reads: the recipe, the sources that take part, their files."""
