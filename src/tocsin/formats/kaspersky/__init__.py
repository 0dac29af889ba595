"""Words of Kaspersky's feeds that its JSON files and its TAXII server share."""
