"""``python -m priorbench``."""

from priorbench.cli import main

if __name__ == "__main__":
    main()
