"""`python -m api VERB` from the repository's root is the console script `assay`."""

from api.cli import main

if __name__ == "__main__":
    main()
