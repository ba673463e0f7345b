import asyncio
async def brew(name, delay):
    await asyncio.sleep(delay)
    return f"{name} is ready"
async def main():
    print(await asyncio.gather(brew("tea", 0.02), brew("coffee", 0.01)))
    try:
        await asyncio.wait_for(brew("mate", 60), 0.01)
    except asyncio.TimeoutError:
        print("too slow")
asyncio.run(main())
