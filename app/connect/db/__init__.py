"""The database: transactions, columns, encryption at rest."""
