"""Restoring single photographs, outside of any experiment."""
