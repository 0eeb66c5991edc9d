import { setFlagsFromString } from 'node:v8';

// V8's young generation otherwise grows with every burst of events, and an idle process keeps it (some 25 MB).
// Imported first, before anything allocates. Not for tests: it holds for the whole process.
setFlagsFromString('--semi-space-growth-factor=1');
