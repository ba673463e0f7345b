-- Compares the index with the text it was made of.
INSERT INTO example_search (example_search, rank) VALUES ('integrity-check', 1)
