SELECT product.session_id, product.name, product.final, product.created_at, product.updated_at,
       session.use_case_id, session.scope, session.workflow_id, count(*) AS versions
FROM product
JOIN session ON session.id = product.session_id
-- A product whose versions were all undone is none yet.
JOIN product_version ON product_version.session_id = product.session_id
WHERE :use_case_id IS NULL OR session.use_case_id = :use_case_id
GROUP BY product.session_id
ORDER BY product.updated_at DESC, product.session_id DESC
LIMIT :limit OFFSET :offset
