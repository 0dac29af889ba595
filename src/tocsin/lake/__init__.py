"""Append-only storage without a database: raw bytes by content hash, Parquet files of observations, queries over
them."""
