"""What begins a plugin: a working one of each kind, as a folder or a package, from a template."""
