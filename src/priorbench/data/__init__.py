"""Data sets: which images they have, and how image files are read and written.

Light: :mod:`.catalogue`, :mod:`.embedded`, :mod:`.folder` and :mod:`.image_names` list images
without opening any. Heavy: the rest. Images that are drawn lie in :mod:`priorbench.synthetic`.
"""
