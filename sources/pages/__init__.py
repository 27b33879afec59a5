"""What the HTML pages of all commands share: looks, drawings, texts that cannot hurt, rules that load nothing."""
