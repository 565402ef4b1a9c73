"""Images in and out, and where they come from.

Light: :mod:`.catalogue`, :mod:`.embedded`, :mod:`.folder` and :mod:`.names` list images without opening any.
Heavy: the rest.
"""
