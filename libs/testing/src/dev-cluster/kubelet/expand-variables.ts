/** Expands `$(NAME)` as Kubernetes does in `command`, `args` and `env`: `$$` is a dollar, unknown names stay as they are. */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\(([^()]*)\))/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (variables[name] ?? match),
  );
}
