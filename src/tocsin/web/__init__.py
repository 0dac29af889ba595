"""The frame of every page: security, language, layout, components, charts. It knows no subject."""
