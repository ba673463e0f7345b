-- Positions count from 0 without a gap, and one message is selected at each.
SELECT 'conversation ' || conversation_id || ' has ' || count(DISTINCT position) || ' positions up to '
       || max(position) || ' and ' || sum(selected) || ' selected messages' AS problem
FROM message
GROUP BY conversation_id
HAVING min(position) <> 0
    OR max(position) + 1 <> count(DISTINCT position)
    OR sum(selected) <> count(DISTINCT position)
UNION ALL
SELECT 'conversation ' || conversation_id || ' has ' || count(*) || ' variants up to ' || max(variant)
       || ' at position ' || position
FROM message
GROUP BY conversation_id, position
HAVING max(variant) + 1 <> count(*)
