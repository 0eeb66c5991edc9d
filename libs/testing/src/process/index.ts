export { identify, isAlive, type ProcessIdentity } from './process-identity.js';
