export { AlertTrial } from './alert-trial.js';
