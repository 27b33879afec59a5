"""How files come here: from a mirror folder, the embedded sample, or a pinned download."""
