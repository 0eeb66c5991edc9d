/**
 * The body with another model name, every other byte as the client sent it. The same Buffer when the name
 * does not change.
 */
export function rewriteModel(
  body: Buffer,
  span: { readonly start: number; readonly end: number },
  from: string,
  to: string,
): Buffer {
  if (from === to) return body;
  return Buffer.concat([
    body.subarray(0, span.start),
    Buffer.from(JSON.stringify(to)),
    body.subarray(span.end),
  ]);
}
