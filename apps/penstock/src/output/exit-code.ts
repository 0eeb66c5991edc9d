/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** The command, or a check, found a failure. */
  failed: 1,
  /** Wrong usage: nothing was tried. */
  usage: 2,
  /** What it needs could not be reached. */
  unreachable: 3,
} as const;
