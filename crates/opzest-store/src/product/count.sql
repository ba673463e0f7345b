SELECT count(*) AS total
FROM product
JOIN session ON session.id = product.session_id
WHERE (:use_case_id IS NULL OR session.use_case_id = :use_case_id)
  AND EXISTS (SELECT 1 FROM product_version WHERE product_version.session_id = product.session_id)
