"""PostgreSQL: the pool, the one transaction helper, the schema and its migrations, the embedded server."""
