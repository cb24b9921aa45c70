"""What might have made an observation: one problem per file, and their registry."""
