export * from './pack-kv.js';
export * from './packed.js';
export * from './unpack-kv.js';
export * from './wire.js';
