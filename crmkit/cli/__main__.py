"""``python -m crmkit.cli``: the program where its script is not on the path."""

from crmkit.cli.program import main

main()
