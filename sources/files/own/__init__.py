"""Files that anybody may give: what they are is found out by their first bytes, and said where it was a guess."""
