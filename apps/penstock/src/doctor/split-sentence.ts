/** Our errors say what happened and, after a semicolon, what to do. */
export function splitSentence(error: unknown, otherwise: string): { detail: string; fix: string } {
  const message = error instanceof Error ? error.message : String(error);
  const at = message.lastIndexOf('; ');
  return at < 0
    ? { detail: message, fix: otherwise }
    : { detail: message.slice(0, at), fix: message.slice(at + 2) };
}
