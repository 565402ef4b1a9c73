"""Images in and out, and where they come from.

Light: :mod:`.catalogue`, :mod:`.embedded`, :mod:`.folder`, :mod:`.image_names` and :mod:`.synthetic` list
images without opening or drawing any. Heavy: the rest.
"""
