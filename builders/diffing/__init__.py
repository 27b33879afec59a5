"""What two builds have in common, and what not."""
