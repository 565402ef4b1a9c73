"""The stages: what one job does. Each is a command, ``python -m priorbench <stage>``, and one rule."""
