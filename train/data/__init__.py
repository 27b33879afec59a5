"""From built folders to tokens: pairs loaded, rendered, tokenised as TRL does, fitted to a length."""
