"""python -m scalargrad, and the console script: the command line."""

import sys


def run() -> None:
    """Run the command line; an interrupt is no traceback, from the first import on."""
    try:
        from scalargrad.cli.commands import main

        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
