-- Compares the index with the text it was made of.
INSERT INTO conversation_search (conversation_search, rank) VALUES ('integrity-check', 1)
