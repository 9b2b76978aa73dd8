"""`python -m rung` is `rung`."""

from rung.cli.main import main

if __name__ == "__main__":
    main()
