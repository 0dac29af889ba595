"""Every read of the exchange room; who looks comes first."""
