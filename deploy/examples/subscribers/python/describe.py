"""One line for an event. Fields as in docs/reference/events.md, or as the JSON Schemas of libs/contracts/schemas."""

import base64
import json
from urllib.parse import unquote

# The version of event data that this example understands; an event of another is named and left alone.
KNOWN_VERSION = "1"


def key_count(packed: str) -> int:
    """Number of keys in a packed field: base64 of 8 bytes each."""
    return len(base64.b64decode(packed)) // 8


def decided(data: dict) -> str:
    matched = f"{data['matchedTokens']}/{data['promptTokens']}"
    return f"request={data['requestId']} endpoint={data['endpoint']} matched={matched}"


def delta(data: dict) -> str:
    tiers = [f"{c['tier']}=+{key_count(c['stored'])}-{key_count(c['removed'])}" for c in data["changes"]]
    return " ".join([f"engine={data['engine']} sequence={data['sequence']}", *tiers])


def stored(data: dict) -> str:
    return f"engine={data['engine']} node={data['node']} files={len(data['files'])}"


def moved(data: dict) -> str:
    places = f"from={data['from'] or 'engine'} to={data['to'] or 'nowhere'}"
    return f"node={data.get('node', 'none')} {places} blocks={key_count(data['keys'])} bytes={data['bytes']}"


def pressure(data: dict) -> str:
    return f"node={data.get('node', 'none')} tier={data['tier']} used={data['usedBytes']}/{data['capacityBytes']}"


TEXT = {
    "routing.decided": decided,
    "kv.delta": delta,
    "tier.stored": stored,
    "tier.moved": moved,
    "tier.pressure": pressure,
}


def decode_token(token: str) -> str:
    """Reverse of the encoding of subject tokens: `=2E` is a dot, a lone `=` is the empty text."""
    return "" if token == "=" else unquote(token.replace("=", "%"))


def describe(subject: str, headers: dict, payload: bytes) -> str:
    """The line for an event on `penstock.v1.<domain>.<event>.<namespace>.<pool>[.<key>]`."""
    _, _, domain, event, namespace, pool, *_ = subject.split(".")
    kind = f"{domain}.{event}"
    place = f"{decode_token(namespace)}/{decode_token(pool)}"
    version = headers.get("ce-dataversion")
    if version != KNOWN_VERSION:
        return f"{kind} {place} has version {version or 'none'}, which is not known here"
    text = TEXT.get(kind)
    return f"{kind} {place} {text(json.loads(payload))}" if text else f"{kind} {place}"
