"""What a build counts and measures while it works."""
