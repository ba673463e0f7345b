-- Full-text search over message texts and conversation titles.
--
-- The indexes hold no text of their own: they read it through the views (external content), and
-- triggers keep them in step, so no writer can forget them. An answer is indexed once it is finished,
-- not at every second while it streams. `search_form` is a function of the app (search/form.rs); the
-- index is only right while it gives the same result for the same text, so a change to it needs a
-- migration that rebuilds both indexes. `secure-delete` takes deleted words out of the index at once.

CREATE VIEW message_search_source (seq, text) AS
  SELECT seq, search_form(text) FROM message WHERE status <> 'streaming';

CREATE VIRTUAL TABLE message_search USING fts5 (
  text, content = 'message_search_source', content_rowid = 'seq',
  tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);
INSERT INTO message_search (message_search, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER message_search_insert AFTER INSERT ON message WHEN new.status <> 'streaming' BEGIN
  INSERT INTO message_search (rowid, text) VALUES (new.seq, search_form(new.text));
END;

CREATE TRIGGER message_search_update AFTER UPDATE OF seq, text, status ON message BEGIN
  INSERT INTO message_search (message_search, rowid, text)
    SELECT 'delete', old.seq, search_form(old.text) WHERE old.status <> 'streaming';
  INSERT INTO message_search (rowid, text)
    SELECT new.seq, search_form(new.text) WHERE new.status <> 'streaming';
END;

CREATE TRIGGER message_search_delete AFTER DELETE ON message WHEN old.status <> 'streaming' BEGIN
  INSERT INTO message_search (message_search, rowid, text) VALUES ('delete', old.seq, search_form(old.text));
END;

CREATE VIEW conversation_search_source (seq, title) AS
  SELECT seq, search_form(title) FROM conversation;

CREATE VIRTUAL TABLE conversation_search USING fts5 (
  title, content = 'conversation_search_source', content_rowid = 'seq',
  tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);
INSERT INTO conversation_search (conversation_search, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER conversation_search_insert AFTER INSERT ON conversation BEGIN
  INSERT INTO conversation_search (rowid, title) VALUES (new.seq, search_form(new.title));
END;

CREATE TRIGGER conversation_search_update AFTER UPDATE OF seq, title ON conversation BEGIN
  INSERT INTO conversation_search (conversation_search, rowid, title)
    VALUES ('delete', old.seq, search_form(old.title));
  INSERT INTO conversation_search (rowid, title) VALUES (new.seq, search_form(new.title));
END;

CREATE TRIGGER conversation_search_delete AFTER DELETE ON conversation BEGIN
  INSERT INTO conversation_search (conversation_search, rowid, title)
    VALUES ('delete', old.seq, search_form(old.title));
END;

INSERT INTO message_search (message_search) VALUES ('rebuild');
INSERT INTO conversation_search (conversation_search) VALUES ('rebuild');
