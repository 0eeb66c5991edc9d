/** What is said of engines that only prefill. */
export const PREFILL_IDLE =
  'these engines run and wait: whole requests go to the engines that decode, prefill and decode are not split yet';
