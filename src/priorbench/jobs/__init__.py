"""How the code of plugins is run: processes, attempts, devices, usage."""
