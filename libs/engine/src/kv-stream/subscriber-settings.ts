import { isIPv6Endpoint } from './is-ipv6-endpoint.js';

/**
 * Messages that ZeroMQ keeps for us while we are busy. Few: beyond them it stops reading, and what comes then waits at
 * the publisher (vLLM: 100,000 messages), so that a storm fills its memory and not ours.
 */
const RECEIVE_HIGH_WATER_MARK = 1_000;
const RECONNECT_MS = 100;
const RECONNECT_MAX_MS = 5_000;
/** Finds a peer that vanished without closing the connection. */
const HEARTBEAT_MS = 5_000;
const HEARTBEAT_TIMEOUT_MS = 15_000;

/**
 * Settings of every socket that receives events.
 *
 * @param endpoint whom it will connect to
 */
export function subscriberSettings(endpoint: string, maxMessageBytes: number) {
  return {
    ipv6: isIPv6Endpoint(endpoint),
    linger: 0,
    receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
    maxMessageSize: maxMessageBytes,
    reconnectInterval: RECONNECT_MS,
    reconnectMaxInterval: RECONNECT_MAX_MS,
    heartbeatInterval: HEARTBEAT_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  };
}
