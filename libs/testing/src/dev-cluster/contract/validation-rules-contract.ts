import { expect, it } from '@jest/globals';
import { type ContractCluster, eventually, type RawAnswer } from './contract-cluster.js';

import { DEFINITIONS, definition, GROUP, names, number, object, ruled, text } from './ruled-definition.js';

/** Admission by the CEL rules of custom resource definitions (`x-kubernetes-validations`). */
export function describeValidationRules(get: () => ContractCluster): void {
  const path = (plural: string, name?: string): string => get().path(`${GROUP}/v1`, plural, name);
  const define = async (body: ReturnType<typeof definition>): Promise<void> => {
    const answer = await get().request('POST', DEFINITIONS, body);
    // Whoever comes second finds it there.
    if (answer.status !== 409) expect([answer.status, answer.body.message]).toEqual([201, undefined]);
    await eventually(
      async () => expect((await get().request('GET', path(body.spec.names.plural))).status).toBe(200),
      30_000,
    );
  };
  const create = (plural: string, kind: string, name: string, fields: object): Promise<RawAnswer> =>
    get().request('POST', path(plural), { apiVersion: `${GROUP}/v1`, kind, metadata: { name }, ...fields });
  const replace = (old: RawAnswer, fields: object, subresource = ''): Promise<RawAnswer> => {
    const plural = `${old.body.kind.toLowerCase()}s`;
    const target = `${path(plural, String(old.body.metadata['name']))}${subresource}`;
    return get().request('PUT', target, { ...old.body, ...fields });
  };
  /** Field and message of each cause, by field: the real server names them in no order. */
  const causes = (answer: RawAnswer): string[] =>
    (answer.body.details?.causes ?? []).map((c) => `${c.field}: ${c.message}`).sort();

  const gates = () =>
    define(
      definition(
        'gates',
        'Gate',
        {
          spec: object(
            {
              size: number,
              name: text,
              fixed: ruled('string', { rule: 'self == oldSelf', message: 'fixed cannot change' }),
              grows: ruled('integer', {
                rule: '!oldSelf.hasValue() || self >= oldSelf.value()',
                optionalOldSelf: true,
              }),
              parts: {
                type: 'array',
                maxItems: 5,
                items: object({ n: number }, [{ rule: 'self.n > 1' }]),
              },
              keyed: {
                type: 'array',
                maxItems: 5,
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': ['id'],
                items: object({ id: text, n: number }, [{ rule: 'self.n >= oldSelf.n' }], {
                  required: ['id'],
                }),
              },
              set: {
                type: 'array',
                maxItems: 5,
                'x-kubernetes-list-type': 'set',
                items: text,
                'x-kubernetes-validations': [{ rule: 'self == oldSelf' }],
              },
              limits: {
                type: 'object',
                maxProperties: 5,
                additionalProperties: ruled('integer', { rule: 'self < 100' }),
              },
              either: { 'x-kubernetes-int-or-string': true },
              since: { type: 'string', format: 'date-time' },
              grace: { type: 'string', format: 'duration' },
              namespace: text,
              'a-b': text,
            },
            [
              { rule: '!has(self.size) || self.size > 0' },
              { rule: '!has(self.size) || self.size < 10', message: 'too big' },
              {
                rule: '!has(self.size) || self.size != 5',
                messageExpression: "'five is ' + 'odd'",
                reason: 'FieldValueForbidden',
              },
              {
                rule: '!has(self.size) || self.size != 6',
                reason: 'FieldValueDuplicate',
                fieldPath: '.size',
              },
              {
                rule: '!has(self.size) || self.size != 7',
                message: 'no seven',
                messageExpression: 'self.name',
                reason: 'FieldValueRequired',
                fieldPath: '.size',
              },
              { rule: "!has(self.__namespace__) || self.__namespace__ == 'x'" },
              { rule: "!has(self.a__dash__b) || self.a__dash__b == 'y'" },
              {
                rule: "!has(self.either) || (type(self.either) == int ? self.either < 10 : self.either.endsWith('%'))",
                message: 'either fewer than ten or a percentage',
              },
              { rule: "!has(self.since) || self.since > timestamp('2020-01-01T00:00:00Z')" },
              { rule: "!has(self.grace) || self.grace < duration('1h')" },
            ],
          ),
          status: object({ s: number }, [{ rule: 'self.s > 0' }]),
        },
        [{ rule: "self.metadata.name != 'forbidden'", message: 'that name is taken' }],
      ),
    );
  const gate = (name: string, spec: object) => create('gates', 'Gate', name, { spec });

  it.each([
    [{ size: 0 }, ['spec: Invalid value: failed rule: !has(self.size) || self.size > 0']],
    [{ size: 11 }, ['spec: Invalid value: too big']],
    [{ size: 5 }, ['spec: Forbidden: five is odd']],
    [{ size: 6 }, ['spec.size: Duplicate value']],
    // An expression that fails gives way to the message.
    [{ size: 7 }, ['spec.size: Required value: no seven']],
    [
      { parts: [{ n: 2 }, { n: 1 }, { n: 0 }] },
      [
        'spec.parts[1]: Invalid value: failed rule: self.n > 1',
        'spec.parts[2]: Invalid value: failed rule: self.n > 1',
      ],
    ],
    [
      {
        keyed: [
          { id: 'a', n: 1 },
          { id: 'a', n: 2 },
        ],
      },
      ['spec.keyed[1]: Duplicate value: {"id":"a"}'],
    ],
    [{ set: ['a', 'b', 'a'] }, ['spec.set[2]: Duplicate value: "a"']],
    [{ limits: { a: 1, 'b.c': 100 } }, ['spec.limits[b.c]: Invalid value: 100: failed rule: self < 100']],
    [
      { namespace: 'y' },
      ["spec: Invalid value: failed rule: !has(self.__namespace__) || self.__namespace__ == 'x'"],
    ],
    [{ 'a-b': 'x' }, ["spec: Invalid value: failed rule: !has(self.a__dash__b) || self.a__dash__b == 'y'"]],
    [{ either: 10 }, ['spec: Invalid value: either fewer than ten or a percentage']],
    [{ either: 'ten' }, ['spec: Invalid value: either fewer than ten or a percentage']],
    [
      { since: '2019-01-01T00:00:00Z' },
      [
        "spec: Invalid value: failed rule: !has(self.since) || self.since > timestamp('2020-01-01T00:00:00Z')",
      ],
    ],
    [{ grace: '2h' }, ["spec: Invalid value: failed rule: !has(self.grace) || self.grace < duration('1h')"]],
  ])('refuses %j by its rules', async (spec, expected) => {
    await gates();
    const answer = await gate('bad', spec);
    expect(answer).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
    expect(causes(answer)).toEqual(expected);
  });

  it('gives the reason that a rule names', async () => {
    await gates();
    const reasons = async (size: number) =>
      (await gate('bad', { size })).body.details?.causes?.map((c) => c.reason);
    expect(await reasons(0)).toEqual(['FieldValueInvalid']);
    expect(await reasons(5)).toEqual(['FieldValueForbidden']);
    expect(await reasons(6)).toEqual(['FieldValueDuplicate']);
    expect(await reasons(7)).toEqual(['FieldValueRequired']);
  });

  it('accepts what keeps the rules', async () => {
    await gates();
    const spec = { size: 3, parts: [{ n: 2 }], limits: { a: 99 }, either: '5%', namespace: 'x', 'a-b': 'y' };
    expect((await gate('good', { ...spec, since: '2026-01-01T00:00:00Z', grace: '10m' })).status).toBe(201);
  });

  it('sees the name of an object', async () => {
    await gates();
    expect(causes(await gate('forbidden', {}))).toEqual(['<nil>: Invalid value: that name is taken']);
  });

  it('does not ask the rules of an object of the wrong shape', async () => {
    await gates();
    expect(causes(await gate('shapeless', { size: 'x', name: 'more than twenty characters' }))).toEqual([
      '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      'spec.name: Too long: may not be more than 20 bytes',
      'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    ]);
  });

  it('asks rules about the change where there was a value before', async () => {
    await gates();
    const old = await gate('changing', {
      fixed: 'a',
      grows: 3,
      keyed: [
        { id: 'a', n: 1 },
        { id: 'b', n: 5 },
      ],
      set: ['x', 'y'],
    });
    expect(old.status).toBe(201);
    const worse = await replace(old, {
      spec: {
        fixed: 'b',
        grows: 2,
        keyed: [
          { id: 'new', n: 0 },
          { id: 'b', n: 4 },
          { id: 'a', n: 1 },
        ],
        set: ['x', 'z'],
      },
    });
    expect(causes(worse)).toEqual([
      'spec.fixed: Invalid value: "b": fixed cannot change',
      'spec.grows: Invalid value: 2: failed rule: !oldSelf.hasValue() || self >= oldSelf.value()',
      'spec.keyed[1]: Invalid value: failed rule: self.n >= oldSelf.n',
      'spec.set: Invalid value: failed rule: self == oldSelf',
    ]);
    const other = { grows: 4, keyed: [{ id: 'b', n: 5 }], set: ['y', 'x'] };
    expect((await replace(old, { spec: other })).status).toBe(200);
  });

  it('holds the rules of the status against writes of the status', async () => {
    await gates();
    const old = await gate('told', {});
    const bad = await replace(old, { status: { s: 0 } }, '/status');
    expect(causes(bad)).toEqual(['status: Invalid value: failed rule: self.s > 0']);
    expect((await replace(old, { status: { s: 1 } }, '/status')).status).toBe(200);
  });

  it('does not hold new rules against what an update leaves alone', async () => {
    const loose = {
      a: number,
      b: number,
      o: object({ x: number, y: number }),
      l: { type: 'array', maxItems: 5, items: number },
    };
    const body = definition('ratchets', 'Ratchet', { spec: object(loose) });
    await define(body);
    const old = await create('ratchets', 'Ratchet', 'old', {
      spec: { a: 0, b: 0, o: { x: 0, y: 0 }, l: [0, 1] },
    });
    const stored = await get().request('GET', `${DEFINITIONS}/${body.metadata.name}`);
    const stricter = structuredClone(stored.body) as unknown as ReturnType<typeof definition>;
    stricter.spec.versions[0]!.schema.openAPIV3Schema = object({
      spec: object({
        a: { type: 'integer', minimum: 1 },
        b: ruled('integer', { rule: 'self > 0' }),
        o: object({ x: number, y: number }, [{ rule: 'self.x > 0' }]),
        l: { type: 'array', maxItems: 5, items: ruled('integer', { rule: 'self > 0' }) },
      }),
    });
    expect((await get().request('PUT', `${DEFINITIONS}/${body.metadata.name}`, stricter)).status).toBe(200);
    await eventually(
      async () => expect((await create('ratchets', 'Ratchet', 'probe', { spec: { a: 0 } })).status).toBe(422),
      30_000,
    );
    const spec = (change: object) => ({ spec: { ...(old.body['spec'] as object), ...change } });
    const changed = async (change: object) => causes(await replace(old, spec(change)));
    expect(await changed({ o: { x: 0, y: 1 } })).toEqual(['spec.o: Invalid value: failed rule: self.x > 0']);
    expect(await changed({ l: [0, 2] })).toEqual(['spec.l[0]: Invalid value: 0: failed rule: self > 0']);
    expect(await changed({ b: -1 })).toEqual(['spec.b: Invalid value: -1: failed rule: self > 0']);
    expect(await changed({ a: -1 })).toEqual([
      'spec.a: Invalid value: -1: spec.a in body should be greater than or equal to 1',
    ]);
    const labelled = await replace(old, { metadata: { ...old.body.metadata, labels: { a: 'b' } } });
    expect(labelled.status).toBe(200);
    expect((await replace(labelled, spec({ b: 1 }))).status).toBe(200);
  });

  it('says how a rule failed that could not be worked out', async () => {
    const rules = [
      '10 / self.n == 5',
      'self.l[3] == "a"',
      "self.m['z'] == 1",
      "quantity(self.s).isGreaterThan(quantity('1'))",
      'ip(self.s).family() == 4',
      "duration(self.s) > duration('1s')",
      'int(self.s) > 0',
      'self.missing == 1',
    ];
    const properties = {
      n: number,
      s: text,
      l: names,
      m: { type: 'object', maxProperties: 5, additionalProperties: number },
      missing: number,
    };
    await define(
      definition('faults', 'Fault', {
        spec: object(
          properties,
          rules.map((rule) => ({ rule })),
        ),
      }),
    );
    const answer = await create('faults', 'Fault', 'f', { spec: { n: 0, s: 'bad', l: [], m: {} } });
    const failed = (why: string, rule: string) =>
      `spec: Invalid value: "object": ${why} evaluating rule: ${rule}`;
    expect(causes(answer)).toEqual(
      [
        failed('division by zero', rules[0]!),
        failed('index out of bounds: 3', rules[1]!),
        failed('no such key: z', rules[2]!),
        failed(
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
          rules[3]!,
        ),
        failed(
          'IP Address "bad" parse error during conversion from string: ParseAddr("bad"): unable to parse IP',
          rules[4]!,
        ),
        failed("type conversion error from 'string' to 'google.protobuf.Duration'", rules[5]!),
        failed("type conversion error from 'string' to 'int'", rules[6]!),
        failed('no such key: missing', rules[7]!),
      ].sort(),
    );
  });

  it('has the functions of Kubernetes', async () => {
    const rules = [
      "quantity(self.q).isGreaterThan(quantity('512Mi')) && quantity(self.q).sub(quantity('1Gi')).compareTo(quantity('0')) == 0",
      "isQuantity(self.q) && !isQuantity(self.s) && quantity('1500m').asApproximateFloat() == 1.5 && quantity('2k').asInteger() == 2000",
      "isURL(self.u) && url(self.u).getScheme() == 'http' && url(self.u).getHostname() == 'a.b' && url(self.u).getPort() == '80' && url(self.u).getEscapedPath() == '/x' && url(self.u).getQuery()['q'] == ['1', '2']",
      "isIP(self.i) && ip(self.i).family() == 6 && !ip.isCanonical(self.i) && string(ip(self.i)) == '::1' && ip(self.i).isLoopback()",
      "isCIDR(self.c) && cidr(self.c).containsIP('10.1.2.3') && !cidr(self.c).containsCIDR('11.0.0.0/16') && cidr(self.c).prefixLength() == 8 && cidr(self.c).masked().ip() == ip('10.0.0.0')",
      'self.n.isSorted() && self.n.sum() == 6 && self.n.min() == 1 && self.n.max() == 3 && self.n.indexOf(2) == 1 && self.n.lastIndexOf(4) == -1',
      'self.n.all(x, x > 0) && self.n.exists(x, x == 2) && self.n.exists_one(x, x == 3) && self.n.map(x, x * 2) == [2, 4, 6] && self.n.filter(x, x > 1).size() == 2',
      "self.s.lowerAscii() == 'a-1-b' && 'A-1-B'.replace('1', '2') == 'A-2-B' && self.s.split('-').size() == 3 && self.l.join('+') == 'A+B' && self.s.charAt(0) == 'A' && self.s.find('[0-9]') == '1' && self.s.findAll('[A-Z]').size() == 2",
      "self.s.startsWith('A') && self.s.endsWith('B') && self.s.matches('^[AB1-]+$') && self.s.matches('(?i)^a-[[:digit:]]-b\\\\z') && '%s is %d'.format(['x', 1]) == 'x is 1'",
      "self.?missing.orValue('none') == 'none' && !self.?missing.hasValue() && self.?s.hasValue()",
      'sets.contains(self.n, [1, 3]) && sets.intersects(self.n, [9, 3]) && sets.equivalent(self.n, [3, 2, 1]) && 2 in self.n',
      "timestamp('2026-01-02T03:04:05Z').getFullYear() == 2026 && duration('90m').getHours() == 1",
    ];
    const line = { type: 'string', maxLength: 30 };
    const properties = {
      q: line,
      s: line,
      u: line,
      i: line,
      c: line,
      missing: line,
      n: { ...names, items: number },
      l: names,
    };
    const body = {
      spec: object(
        properties,
        rules.map((rule) => ({ rule })),
      ),
    };
    await define(definition('librarys', 'Library', body));
    const spec = {
      q: '1Gi',
      s: 'A-1-B',
      u: 'http://a.b:80/x?q=1&q=2',
      i: '0:0::1',
      c: '10.1.0.0/8',
      n: [1, 2, 3],
      l: ['A', 'B'],
    };
    expect(causes(await create('librarys', 'Library', 'l', { spec }))).toEqual([]);
  });
}
