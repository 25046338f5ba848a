"""Many at once on one PostgreSQL or MariaDB: processes, threads, forks; and kills."""
