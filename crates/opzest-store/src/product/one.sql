SELECT product.session_id, product.name, product.final, product.created_at, product.updated_at,
       session.use_case_id, session.scope, session.workflow_id, count(*) AS versions
FROM product
JOIN session ON session.id = product.session_id
JOIN product_version ON product_version.session_id = product.session_id
WHERE product.session_id = :session_id
GROUP BY product.session_id
