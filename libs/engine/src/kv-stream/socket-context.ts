import { Context } from 'zeromq';

/** One subscriber costs a socket and a monitor; ZeroMQ's default of 1,023 would end at a few hundred engines. */
const MAX_SOCKETS = 16_384;

/** The ZeroMQ context of all event sockets of this process; not `blocky`, so that it never delays the exit. */
export const socketContext = new Context({ maxSockets: MAX_SOCKETS, blocky: false });
