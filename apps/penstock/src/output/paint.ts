import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** Colours a text for standard output. Plain when that is no terminal, or when `NO_COLOR` is set. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout, validateStream: true });
}
