"""A key server that takes its time: ``key_server PORT SECONDS PEM-FILE``.

It has a key for every key id that begins with ``real``. With ``inf`` seconds it never
answers.
"""

import asyncio
import sys
from pathlib import Path

MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found"


async def serve(port: int, seconds: float, pem: bytes) -> None:
    found = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(pem), pem)

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(min(seconds, 3600))
                writer.write(found if head.startswith(b"GET /real") else MISSING)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(
        serve(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]).read_bytes())
    )
