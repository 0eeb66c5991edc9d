"""One line for an event. Fields as in docs/reference/events.md, or as the JSON Schemas of libs/contracts/schemas."""

import base64
import json
from urllib.parse import unquote

# The versions of event data that this example understands; an event of another is named and left alone.
KNOWN_VERSIONS = {"kv.delta": "2"}
DEFAULT_VERSION = "1"
# The layout of kv.delta that it understands.
KNOWN_WIRE = 1


def key_count(packed: str) -> int:
    """Number of keys in a packed field: base64 of 8 bytes each."""
    return len(base64.b64decode(packed)) // 8


def decided(data: dict) -> str:
    matched = f"{data['matchedTokens']}/{data['promptTokens']}"
    return f"request={data['requestId']} endpoint={data['endpoint']} matched={matched}"


def change(data: dict) -> str:
    tier = f"{data['tier']}(window)" if data.get("window") else data["tier"]
    return f"{tier}=+{key_count(data['stored'])}-{key_count(data['removed'])}"


def delta(data: dict) -> str:
    changes = [change(each) for each in data["changes"]]
    return " ".join([f"engine={data['engine']} sequence={data['sequence']}", *changes])


def deltas(data: dict) -> list:
    """One text per engine: a kv.delta brings what changed in all engines that one ingester follows."""
    if data["wire"] != KNOWN_WIRE:
        return [f"has wire {data['wire']}, which is not known here"]
    return [delta(each) for each in data["deltas"]]


def stored(data: dict) -> str:
    return f"engine={data['engine']} node={data['node']} files={len(data['files'])}"


def moved(data: dict) -> str:
    places = f"from={data['from'] or 'engine'} to={data['to'] or 'nowhere'}"
    return f"node={data.get('node', 'none')} {places} blocks={key_count(data['keys'])} bytes={data['bytes']}"


def pressure(data: dict) -> str:
    return f"node={data.get('node', 'none')} tier={data['tier']} used={data['usedBytes']}/{data['capacityBytes']}"


TEXT = {
    "routing.decided": decided,
    "kv.delta": deltas,
    "tier.stored": stored,
    "tier.moved": moved,
    "tier.pressure": pressure,
}


def decode_token(token: str) -> str:
    """Reverse of the encoding of subject tokens: `=2E` is a dot, a lone `=` is the empty text."""
    return "" if token == "=" else unquote(token.replace("=", "%"))


def describe(subject: str, headers: dict, payload: bytes) -> str:
    """The line for an event, or the lines, on `penstock.v1.<domain>.<event>.<namespace>.<pool>[.<key>]`."""
    _, _, domain, event, namespace, pool, *_ = subject.split(".")
    kind = f"{domain}.{event}"
    place = f"{decode_token(namespace)}/{decode_token(pool)}"
    version = headers.get("ce-dataversion")
    if version != KNOWN_VERSIONS.get(kind, DEFAULT_VERSION):
        return f"{kind} {place} has version {version or 'none'}, which is not known here"
    text = TEXT.get(kind)
    if not text:
        return f"{kind} {place}"
    told = text(json.loads(payload))
    return "\n".join(f"{kind} {place} {each}" for each in (told if isinstance(told, list) else [told]))
