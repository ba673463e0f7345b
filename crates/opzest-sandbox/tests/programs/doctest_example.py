import doctest
def double(x):
    """Doubles.

    >>> double(2)
    4
    >>> double("ab")
    'abab'
    """
    return x * 2
print(doctest.testmod())
