height, speed, bounces, t = 10.0, 0.0, 0, 0.0
while bounces < 5:
    speed -= 9.81 * 0.001
    height += speed * 0.001
    t += 0.001
    if height <= 0:
        height, speed, bounces = 0.0, -speed * 0.8, bounces + 1
        print(f"bounce {bounces} at {t:.2f} s with {speed:.2f} m/s")
