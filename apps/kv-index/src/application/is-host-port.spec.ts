import { expect, it } from '@jest/globals';
import { Subscriber } from 'zeromq';
import { isHostPort } from './is-host-port.js';

it.each(['gpu-1:8000', '10.0.0.1:1', '[fd00::1]:65535', '1a.b_c-d.svc:5557'])('%s', (place) => {
  expect(isHostPort(place)).toBe(true);
  const socket = new Subscriber();
  expect(() => socket.connect(`tcp://${place}`)).not.toThrow();
  socket.close();
});

it.each([
  '',
  'h',
  ':1',
  'h:',
  'h:0',
  'h:65536',
  '-h:1',
  '_h:1',
  '*:1',
  'h;g:1',
  'é:1',
  'a b:1',
  'a@h:1',
  '[h]:1',
  '::1:1',
])('not %s', (place) => {
  expect(isHostPort(place)).toBe(false);
});
