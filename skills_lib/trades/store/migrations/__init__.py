"""Makes the tables and brings them to the schema of this program, by Alembic, in one transaction."""
