from multiprocessing import Pool
def cube(n): return n ** 3
if __name__ == "__main__":
    with Pool(3) as pool:
        print(pool.map(cube, range(8)))
