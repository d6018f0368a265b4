"""`python -m harness`: the same as `pagelab`."""

from .cli import main

if __name__ == "__main__":
    main()
