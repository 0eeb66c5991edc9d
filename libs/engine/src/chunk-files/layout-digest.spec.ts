import { describe, expect, it } from '@jest/globals';
import { type LayoutFields, layoutDigest } from './index.js';
import { pythonJson } from './python-json.js';

const FIELDS: LayoutFields = {
  model_name: 'meta-llama/Llama-3.1-8B',
  tokens_per_hash: 16,
  blocks_per_file: 32,
  tp_size: 1,
  pp_size: 1,
  pcp_size: 1,
  dcp_size: 1,
  dtype: 'bfloat16',
  kv_cache_groups: [
    { tokens_per_block: 16, layer_names: ['model.layers.0.self_attn.attn', 'model.layers.1.self_attn.attn'] },
  ],
  inference_engine: 'vllm',
};

// Expected values were written by Python 3 (json.dumps, hashlib.sha256).
describe('layoutDigest', () => {
  it('equals Python’s digest of the fields', () => {
    expect(layoutDigest(FIELDS)).toBe('252c57518d5a');
  });

  it('does not depend on the order of the fields', () => {
    expect(layoutDigest(Object.fromEntries(Object.entries(FIELDS).reverse()))).toBe('252c57518d5a');
  });

  it('equals Python’s with a flag and characters that Python escapes', () => {
    const model = 'modèle/漢字-😀\u007f"\\\n\u0001';
    expect(layoutDigest({ ...FIELDS, model_name: model, parallel_agnostic: false })).toBe('61867d2d01a7');
  });

  it('refuses a number that Python writes differently', () => {
    expect(() => layoutDigest({ ...FIELDS, scale: 0.5 })).toThrow('only whole numbers');
  });
});

describe('pythonJson', () => {
  it('sorts keys by code point, not by UTF-16 unit', () => {
    const value = { '\uffee': 1, '😀': 2, Z: null, a: [], B: {}, é: true };
    expect(pythonJson(value, { sortKeys: true })).toBe(
      '{"B":{},"Z":null,"a":[],"\\u00e9":true,"\\uffee":1,"\\ud83d\\ude00":2}',
    );
  });

  it('indents as Python does', () => {
    expect(pythonJson({ b: [1, { c: 'é' }], a: [], d: {} }, { indent: 2 })).toBe(
      '{\n  "b": [\n    1,\n    {\n      "c": "\\u00e9"\n    }\n  ],\n  "a": [],\n  "d": {}\n}',
    );
  });
});
