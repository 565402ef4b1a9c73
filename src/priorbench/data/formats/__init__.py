"""One module for each format of image files: bytes to float arrays. Heavy.

Each hands its library only what the library needs for the pixels, after it has checked the sizes in
the header, so that metadata refuse no image and a header claims no memory.
"""
