"""`python -m playout`, and the `playout` command."""

from playout.door.tree import main

if __name__ == "__main__":
    main()
