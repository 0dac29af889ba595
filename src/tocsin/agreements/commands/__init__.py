"""Commands of the agreements room: of documents, without a database; of what is stored, with one."""
