"""``python -m priorbench``."""

if __name__ == "__main__":
    # Not in a worker, which imports this file as well.
    from priorbench.cli import main

    main()
