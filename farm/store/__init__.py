"""The job store: SQLAlchemy Core on SQLite or PostgreSQL, and nothing outside this folder knows."""
