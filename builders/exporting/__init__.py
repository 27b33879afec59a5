"""A built dataset as the trainers read it."""
