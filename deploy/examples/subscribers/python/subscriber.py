"""Prints one line per event of a running suite.

Every routing decision, through a durable consumer that goes on where it stopped, and what happens to KV blocks from
now on. Stop it with Ctrl-C.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python subscriber.py [nats://127.0.0.1:4222]
"""

import asyncio
import os
import signal
import sys

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError, TimeoutError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError

from describe import describe

DURABLE = "example-python"
# Streams are made by the first service that connects: until then one is looked for every second.
RETRY_SECONDS = 1.0


def show(message: Msg) -> None:
    print(describe(message.subject, message.headers or {}, message.data), flush=True)


async def consume_decisions(connection: Client) -> None:
    """Every decision once at least: the server remembers by the durable name which ones were acknowledged."""
    subscription = await connection.jetstream().pull_subscribe(
        "penstock.v1.routing.decided.>",
        durable=DURABLE,
        stream="PENSTOCK_ROUTING",
        config=ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, deliver_policy=DeliverPolicy.ALL),
    )
    while True:
        try:
            messages = await subscription.fetch(batch=100, timeout=5)
        except TimeoutError:
            continue  # Nothing happened for five seconds.
        for message in messages:
            show(message)
            # Only now: a subscriber that dies before this gets the event again.
            await message.ack()


async def follow(connection: Client, stream: str, subject: str) -> None:
    """Every event in order from now on; nothing is remembered when this process ends."""
    subscription = await connection.jetstream().subscribe(
        subject, stream=stream, ordered_consumer=True, deliver_policy=DeliverPolicy.NEW
    )
    async for message in subscription.messages:
        show(message)


async def keep_trying(what: str, work) -> None:
    """Runs for ever; what fails on the way is said and tried again."""
    while True:
        try:
            await work()
        except ConnectionClosedError:
            return
        except (JetStreamError, TimeoutError) as error:
            print(f"{what}: {error!r}; again in {RETRY_SECONDS:.0f} s", file=sys.stderr, flush=True)
        await asyncio.sleep(RETRY_SECONDS)


async def complain(error: Exception) -> None:
    print(f"NATS: {error!r}; trying on", file=sys.stderr, flush=True)


async def main(servers: str) -> None:
    connection = await nats.connect(
        servers, name="example subscriber", max_reconnect_attempts=-1, error_cb=complain
    )
    print(f"connected to {connection.connected_url.netloc}", file=sys.stderr, flush=True)
    tasks = [
        asyncio.ensure_future(task)
        for task in (
            keep_trying("routing.decided", lambda: consume_decisions(connection)),
            keep_trying("kv.delta", lambda: follow(connection, "PENSTOCK_KV", "penstock.v1.kv.delta.>")),
            keep_trying("tier", lambda: follow(connection, "PENSTOCK_TIER", "penstock.v1.tier.>")),
        )
    ]
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, lambda: [task.cancel() for task in tasks])
    await asyncio.gather(*tasks, return_exceptions=True)
    await connection.close()


if __name__ == "__main__":
    address = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("NATS_URL", "nats://127.0.0.1:4222")
    asyncio.run(main(address))
