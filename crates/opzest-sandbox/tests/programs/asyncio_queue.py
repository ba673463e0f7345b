import asyncio
async def main():
    queue, seen = asyncio.Queue(), []
    async def consume():
        while True:
            seen.append(await queue.get())
            queue.task_done()
    tasks = [asyncio.create_task(consume()) for _ in range(3)]
    for n in range(10): await queue.put(n)
    await queue.join()
    for task in tasks: task.cancel()
    print(sorted(seen), (await asyncio.gather(*tasks, return_exceptions=True)).__len__())
asyncio.run(main())
