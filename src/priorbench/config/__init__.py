"""The experiment's configuration: its schema and its reference."""
