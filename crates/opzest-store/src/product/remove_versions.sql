DELETE FROM product_version WHERE session_id = :session_id AND number >= :number
