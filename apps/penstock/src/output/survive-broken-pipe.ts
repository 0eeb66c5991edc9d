/**
 * Lets a reader leave early (`penstock top | head`) without a word. What must be stopped is stopped first: a command that
 * listens for SIGTERM is told to end, any other one ends at once.
 */
export function surviveBrokenPipe(): void {
  let isBroken = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (isBroken) return;
    isBroken = true;
    if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM');
    else process.exit();
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
