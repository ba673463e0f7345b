from unittest.mock import Mock, patch
import time
clock = Mock(side_effect=[10.0, 12.5])
start = clock()
print(clock() - start, clock.call_count)
with patch("time.time", return_value=42): print(time.time())
