/** An error as one clear sentence for the person at the keyboard. */
export function errorSentence(error: unknown): string {
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || /no space left/i.test(message ?? ''))
    return `the disk is full${path ? ` (writing ${path})` : ''}; free some space and try again`;
  if (code === 'EACCES' || code === 'EPERM')
    return `${path ?? 'a file'} cannot be written: check its owner, or set PENSTOCK_HOME to a folder of your own`;
  if (code === 'ENOTDIR' || code === 'ENOENT' || code === 'EROFS' || code === 'EEXIST') {
    return `${path ?? 'a folder'} cannot be used (${message}): set PENSTOCK_HOME to a folder that can be created and written`;
  }
  return message || String(error);
}
