"""Plugs the rooms together: settings, addresses, web server and command line. No logic of its own."""
