"""Publishes KV events with vLLM's own publisher and event structs, as told by JSON lines on standard input.

Usage: publish.py <vLLM's kv_events.py> <endpoint> <replay endpoint> <topic>

What that file imports of vLLM is only named by it, or used for endpoints that are not used here, so stand-ins do.
"""

import importlib.util
import json
import logging
import sys
import time
import types

import zmq


def stand_in(name: str, **content) -> None:
    module = types.ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module


class KVEventsConfig:
    def __init__(self, **settings) -> None:
        self.__dict__.update(settings)


def load(path: str):
    for package in ("vllm", "vllm.config", "vllm.utils", "vllm.v1", "vllm.v1.core"):
        stand_in(package)
    stand_in("vllm.config.kv_events", KVEventsConfig=KVEventsConfig)
    stand_in("vllm.logger", init_logger=logging.getLogger)
    stand_in("vllm.v1.core.kv_cache_utils", ExternalBlockHash=bytes | int)
    stand_in(
        "vllm.utils.network_utils", get_ip=None, get_tcp_uri=None, is_valid_ipv6_address=None, split_zmq_path=None
    )
    spec = importlib.util.spec_from_file_location("vllm.distributed.kv_events", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def block_hash(value):
    return bytes.fromhex(value) if isinstance(value, str) and len(value) == 64 else value and int(value)


def event_of(vllm, event: dict):
    tag = event.pop("type")
    for name in ("block_hashes", "parent_block_hash"):
        if isinstance(event.get(name), list):
            event[name] = [block_hash(value) for value in event[name]]
        elif name in event:
            event[name] = block_hash(event[name])
    return getattr(vllm, tag)(**event)


def main(path: str, endpoint: str, replay_endpoint: str, topic: str) -> None:
    vllm = load(path)
    publisher = vllm.ZmqEventPublisher(
        data_parallel_rank=0, endpoint=endpoint, replay_endpoint=replay_endpoint, topic=topic
    )
    bound = {
        name: socket.getsockopt_string(zmq.LAST_ENDPOINT)
        for name, socket in (("endpoint", publisher._pub), ("replayEndpoint", publisher._replay))
    }
    print(json.dumps(bound), flush=True)
    for line in sys.stdin:
        events = [event_of(vllm, event) for event in json.loads(line)]
        publisher.publish(vllm.KVEventBatch(ts=time.time(), events=events))
    publisher.shutdown()


main(*sys.argv[1:])
