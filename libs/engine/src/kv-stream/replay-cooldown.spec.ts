import { expect, it } from '@jest/globals';
import { ReplayCooldown } from './replay-cooldown.js';

it('asks a publisher that fails ever more rarely, down to every 30 s, and at once after a success', () => {
  let nowMs = 1_000;
  const cooldown = new ReplayCooldown(() => nowMs);
  const check = () => cooldown.check('tcp://10.0.0.7:5558');
  check();
  for (const waitMs of [1_000, 4_000, 16_000, 30_000, 30_000]) {
    cooldown.failed();
    nowMs += waitMs - 1;
    expect(check).toThrow(/tcp:\/\/10\.0\.0\.7:5558 is not asked for a replay for 1 ms/);
    nowMs += 1;
    check();
  }
  cooldown.failed();
  cooldown.lift();
  check();
  cooldown.failed();
  nowMs += 1_000;
  check();
});
