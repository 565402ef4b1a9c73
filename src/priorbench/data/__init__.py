"""Data sets: their images, how these are read and written, and the images that are drawn.

Light: :mod:`.catalogue`, :mod:`.embedded`, :mod:`.folder`, :mod:`.image_names` and
:mod:`.synthetic` list images without opening or drawing any. Heavy: the rest.
"""
