"""Getting the business's own events in: parsing, identity, duplicates, merges, corrections.

``parse`` and ``fields`` turn a record into a row or a rejection, ``normalise`` its keys into one
spelling, ``identity`` says whose it is, ``engine`` puts it all together a batch at a time.
"""
