"""The only SQL of Placet: tables, the batch writer, reads and searches, on SQLite and PostgreSQL alike."""
