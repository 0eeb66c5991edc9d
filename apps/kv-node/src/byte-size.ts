import { z } from 'zod';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};
const SIZE = /^(\d+(?:\.\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?$/;
const MESSAGE = 'must be a size such as 1048576, 256Mi or 1.5G';

/** A number of bytes as Kubernetes writes quantities: `1048576`, `256Mi`, `1.5G`; in a file also as a number. */
export const byteSize = () =>
  z
    .preprocess(
      (value) => (typeof value === 'number' ? String(value) : value),
      z.string().regex(SIZE, MESSAGE),
    )
    .transform((text) => {
      const [, number, unit = ''] = SIZE.exec(text) ?? [];
      return Math.floor(Number(number) * (UNITS[unit] ?? 1));
    })
    .refine((bytes) => bytes >= 1 && Number.isSafeInteger(bytes), 'must be at least 1 byte and below 8Pi');
