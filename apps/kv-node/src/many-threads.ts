// Flushing to a busy device can take seconds, and Node has four threads for all file-system calls: with as many copies under
// way nothing else would get its turn, not even removals from memory. Imported first, before the first of those calls.
process.env['UV_THREADPOOL_SIZE'] ??= '64';
