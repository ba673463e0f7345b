DELETE FROM setting WHERE key = :key AND value = :value
