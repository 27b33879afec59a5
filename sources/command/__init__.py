"""What every command shares: errors, settings, text that is safe to print."""
