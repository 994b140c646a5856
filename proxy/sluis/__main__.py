"""`python -m sluis` is `sluis`."""

from sluis.cli import main

if __name__ == "__main__":
    main()
