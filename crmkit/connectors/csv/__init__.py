"""``csv``: a folder of files, each an object with a record a row, kept in step both ways."""
