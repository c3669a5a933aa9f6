#!/usr/bin/python3
"""A long way to servers of this machine: every byte takes DELAY milliseconds, each way, and so do the packets by which a connection begins.

    slow_road.py DELAY PORT...

Prints for each port where its road begins, as "PORT=PORT ...". At the end of its standard input it prints how many connections went to
each port, in the same form. The rate has no limit, and there is no slow start of TCP.
"""

import asyncio
import sys


class Road:
    def __init__(self, delay, port):
        self.delay, self.port, self.connections = delay, port, 0

    async def begin(self):
        # Both loopbacks, as the stand-in does.
        self.server = await asyncio.start_server(self.connect, "127.0.0.1", 0)
        here = self.server.sockets[0].getsockname()[1]
        self.other = await asyncio.start_server(self.connect, "::1", here)
        return here

    async def connect(self, reader, writer):
        self.connections += 1
        # The client's system took the connection at once; over a long way it would have waited for an answer to its first packet.
        await asyncio.sleep(2 * self.delay)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.gather(self.carry(reader, there_writer), self.carry(there_reader, writer), return_exceptions=True)

    async def carry(self, reader, writer):
        loop = asyncio.get_running_loop()
        queue = asyncio.Queue()

        async def deliver():
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0, due - loop.time()))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            writer.close()

        delivery = asyncio.create_task(deliver())
        data = b"x"
        while data:
            try:
                data = await reader.read(65536)
            except OSError:
                data = b""
            queue.put_nowait((loop.time() + self.delay, data))
        await delivery


async def main():
    roads = [Road(float(sys.argv[1]) / 1e3, int(port)) for port in sys.argv[2:]]
    print(*[f"{road.port}={await road.begin()}" for road in roads], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(*[f"{road.port}={road.connections}" for road in roads], flush=True)


asyncio.run(main())
