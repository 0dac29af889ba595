"""Every read of the agreements room; who looks comes first."""
