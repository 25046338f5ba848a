"""Many at once on one PostgreSQL: processes, threads, forks; and kills."""
