"""The shells of the tables: which result stands where. No number is computed here."""
