-- Compares the index with the text it was made of.
INSERT INTO session_search (session_search, rank) VALUES ('integrity-check', 1)
