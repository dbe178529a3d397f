"""What Alembic runs: the migrations on the connection that `running.py` hands over, inside its transaction."""

from alembic import context

from skills_lib.trades.store.schema import VERSION_TABLE, metadata

given = context.config.attributes
context.configure(
    connection=given["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    version_table_schema=given["schema"],
    transactional_ddl=True,
)
context.run_migrations()
