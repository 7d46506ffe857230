"""`python -m governance`: the command line."""

from governance.cli import main

main()
