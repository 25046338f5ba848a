"""What crmkit costs beside a bare tool doing the same work: ``python -m benchmarks``."""
