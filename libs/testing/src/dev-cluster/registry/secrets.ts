import type { JsonObject } from '../object/api-object.js';
import { isObject } from '../object/json.js';
import { defineResource } from './define-resource.js';

export const SECRETS = defineResource(
  { group: '', plural: 'secrets', kind: 'Secret', namespaced: true },
  {
    selectableFields: ['type'],
    setDefaults: (secret) => {
      secret['type'] ??= 'Opaque';
      const plain = secret['stringData'];
      if (!isObject(plain)) return;
      const data: JsonObject = { ...(isObject(secret['data']) ? secret['data'] : {}) };
      for (const [key, value] of Object.entries(plain))
        data[key] = Buffer.from(String(value)).toString('base64');
      secret['data'] = data;
      delete secret['stringData'];
    },
  },
);
