-- Compares the index with the text it was made of.
INSERT INTO message_search (message_search, rank) VALUES ('integrity-check', 1)
