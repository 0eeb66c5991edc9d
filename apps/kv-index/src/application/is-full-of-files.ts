/** What `tier.stored` may name. */
export const MAX_FILES_PER_MESSAGE = 1024;

/** Whether so many files of an engine wait that they are to be told before their time. */
export function isFullOfFiles({ pendingFiles }: { readonly pendingFiles: number }): boolean {
  return pendingFiles >= MAX_FILES_PER_MESSAGE;
}
