import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { programArguments } from './program-arguments.js';

describe('programArguments', () => {
  it.each([
    [['vllm', 'serve', 'm', '--port', '1']],
    [['serve', 'm', '--port', '1']],
    [['python', '-m', 'vllm.entrypoints.openai.api_server', 'm', '--port', '1']],
    [['vllm serve m --port 1']],
    [['exec /opt/venv/bin/vllm serve m --port 1']],
    [['set -e; source venv/bin/activate && python3 -m dynamo.vllm m --port $PORT | tee log']],
    [['nvidia-smi\nvllm serve m \\\n  --port "$PORT"\n']],
    [['vllm serve m', '--port', '1']],
  ])('leaves the program out of %j', (args) => {
    expect(programArguments(args, { PORT: '1' })).toEqual(['m', '--port', '1']);
  });

  it('keeps quoted words whole', () => {
    const script = `vllm serve 'a b' --kv-transfer-config '{"kv_role":"kv_both"}' --x="1 2"`;
    expect(programArguments([script], {})).toEqual([
      'a b',
      '--kv-transfer-config',
      '{"kv_role":"kv_both"}',
      '--x=1 2',
    ]);
  });

  it('spells flags in one way and leaves values alone', () => {
    expect(
      programArguments(['--max_model_len=1', '--model', 'a_b', '-tp', '2', '--x_y={"a_b":1}'], {}),
    ).toEqual(['--max-model-len=1', '--model', 'a_b', '--tensor-parallel-size', '2', '--x-y={"a_b":1}']);
  });

  it('changes nothing else', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !/[\s_]|^-|^serve$/.test(text));
    fc.assert(
      fc.property(fc.array(word), (args) => {
        expect(programArguments(args, {})).toEqual(args);
      }),
    );
  });
});
