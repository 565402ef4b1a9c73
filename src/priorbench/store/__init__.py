"""Everything on disk and what it means."""
