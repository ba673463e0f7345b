-- Every word that is taken out is looked for in every segment of the index: the many small ones that recent
-- writes have left become few first. The number bounds the pages that this writes.
INSERT INTO example_search (example_search, rank) VALUES ('usermerge', 2);
INSERT INTO example_search (example_search, rank) VALUES ('merge', 100);
