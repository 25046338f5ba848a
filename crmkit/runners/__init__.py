"""The runners of the core: who does the jobs, and where they wait."""
