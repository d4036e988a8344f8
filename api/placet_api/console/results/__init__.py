"""What the query page is made of: what was asked, the columns of its answer, and groups as bars."""
