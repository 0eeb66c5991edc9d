const REFUSED = /Last error: (?:Error: )?(.+?)\.? Resolution note/;

/** What went wrong with a gRPC call, without the library's frame around it. */
export function grpcFailure(error: unknown): string {
  const { details, message } = error as { details?: string; message: string };
  const said = details || message;
  return REFUSED.exec(said)?.[1] ?? said;
}
