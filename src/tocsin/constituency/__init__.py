"""Whom we serve: organisations, sectors, networks over time, contacts, people, roles, access, audit."""
