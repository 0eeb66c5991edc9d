/** Value of a flag, given as `--flag value` or `--flag=value`; the last one counts. Undefined when there is none. */
export function flagValue(args: readonly string[], flag: string): string | undefined {
  let value: string | undefined;
  args.forEach((arg, i) => {
    const spelled = arg.replace(/^--[^=]*/, (name) => name.replaceAll('_', '-'));
    if (spelled === flag) value = args[i + 1]?.startsWith('--') ? value : args[i + 1];
    else if (spelled.startsWith(`${flag}=`)) value = spelled.slice(flag.length + 1);
  });
  return value;
}

/** Whether a flag is given, with or without a value. */
export function hasFlag(args: readonly string[], flag: string): boolean {
  return args.some((arg) => {
    const name = (arg.split('=', 1)[0] ?? '').replaceAll('_', '-');
    return name === flag;
  });
}
