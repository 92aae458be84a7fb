"""Run the command line: ``python -m provena_mcp``."""

from provena_mcp.cli import main

if __name__ == "__main__":
    main()
