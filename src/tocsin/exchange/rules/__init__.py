"""What the TAXII server knows without a database: headers, filters, marks, resources, renditions. No Django here."""
