"""Every write of the constituency: keyword-only, the actor first, one transaction, audited."""
