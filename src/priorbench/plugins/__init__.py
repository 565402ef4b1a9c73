"""Plugins: the hooks, how plugins are found, and what comes with the library."""
