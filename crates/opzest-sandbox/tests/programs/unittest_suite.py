import unittest
class Stack(list):
    def peek(self): return self[-1]
class StackTest(unittest.TestCase):
    def setUp(self): self.stack = Stack([1, 2])
    def test_peek(self): self.assertEqual(self.stack.peek(), 2)
    def test_empty(self):
        with self.assertRaises(IndexError): Stack().peek()
    def test_each(self):
        for n in (1, 2):
            with self.subTest(n=n): self.assertIn(n, self.stack)
result = unittest.TextTestRunner(stream=open("/dev/null", "w")).run(unittest.defaultTestLoader.loadTestsFromTestCase(StackTest))
print(result.testsRun, len(result.failures), result.wasSuccessful())
