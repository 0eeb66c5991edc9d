import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rewriteModel } from '../../application/rewrite-model.js';
import { scanJson } from './scan-json.js';

const depthOf = (value: unknown): number =>
  value !== null && typeof value === 'object' ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe('scanJson', () => {
  it('finds the model of any object, wherever it stands, and its depth', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.string({ unit: 'binary' }),
        fc.nat(),
        fc.nat(2),
        (rest, model, at, indent) => {
          delete rest['model'];
          const entries = Object.entries(rest);
          entries.splice(at % (entries.length + 1), 0, ['model', model]);
          const object = Object.fromEntries(entries);
          const body = Buffer.from(JSON.stringify(object, null, indent));
          const outline = scanJson(body, 1000);
          const span = outline.modelSpan;
          expect(span && JSON.parse(body.toString('utf8', span.start, span.end))).toBe(
            JSON.parse(JSON.stringify(model)),
          );
          expect(outline.maxDepth).toBe(depthOf(object));
          expect(outline.duplicateKey).toBeUndefined();
        },
      ),
    );
  });

  it('renames the model and changes nothing else', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (rest, to) => {
        const object = { ...rest, model: 'from' };
        const body = Buffer.from(JSON.stringify(object));
        const { modelSpan } = scanJson(body, 1000);
        const renamed = modelSpan && rewriteModel(body, modelSpan, 'from', to);
        expect(JSON.parse(renamed?.toString() ?? '')).toEqual(
          JSON.parse(JSON.stringify({ ...object, model: to })),
        );
      }),
    );
  });

  it('ends on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        scanJson(Buffer.from(bytes), 64);
      }),
    );
    scanJson(Buffer.from(`{"a":"${'\\'.repeat(100_001)}`), 64);
  });

  it('stops at the depth limit', () => {
    expect(scanJson(Buffer.from('['.repeat(100_000)), 64).maxDepth).toBe(65);
  });

  it('does not take nested or non-string models', () => {
    expect(scanJson(Buffer.from('{"x":{"model":"inner"},"y":["model"]}'), 64).modelSpan).toBeUndefined();
    expect(scanJson(Buffer.from('{"model":["a"]}'), 64).modelSpan).toBeUndefined();
    expect(scanJson(Buffer.from('{"x":"model","y":":"}'), 64).modelSpan).toBeUndefined();
  });
});
