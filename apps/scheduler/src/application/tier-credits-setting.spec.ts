import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '@penstock/platform';
import { config } from '../config.js';
import { tierCreditsOf } from './tier-credits-setting.js';

describe('--tier-credits', () => {
  it('changes the tiers it names', () => {
    expect(tierCreditsOf('cpu=0.9,ssd=0.7,s3=0.25')).toEqual({ gpu: 1, cpu: 0.9, ssd: 0.7, s3: 0.25 });
    expect(tierCreditsOf(' s3 = 0 , cpu=1')).toEqual({ gpu: 1, cpu: 1, ssd: 0.7, s3: 0 });
    expect(tierCreditsOf(loadConfig(config, [], {}).config.tierCredits)).toEqual(tierCreditsOf('gpu=1'));
  });

  it.each([
    ['', /"" is not <tier>=<credit> with one of gpu, cpu, ssd, s3/],
    ['dram=1', /"dram=1" is not <tier>=<credit>/],
    ['cpu=0.5=0.6', /is not <tier>=<credit>/],
    ['cpu=1.1', /the credit of cpu must be a number from 0 to 1/],
    ['cpu=-0.1', /the credit of cpu must be/],
    ['ssd=NaN', /the credit of ssd must be/],
    ['ssd=', /the credit of ssd must be/],
    ['cpu=0.5,cpu=0.6', /cpu is there twice/],
  ])('refuses %j, and says why', (text, says) => {
    expect(() => loadConfig(config, [`--tier-credits=${text}`], {})).toThrow(says);
    expect(() => loadConfig(config, [`--tier-credits=${text}`], {})).toThrow(/--tier-credits/);
  });
});
