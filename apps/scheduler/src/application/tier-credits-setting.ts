import { TIERS, type Tier } from '@penstock/core/kv';
import { DEFAULT_TIER_CREDITS, type TierCredits } from '@penstock/core/routing';

const CREDIT = /^(0(\.\d+)?|1(\.0+)?|\.\d+)$/;

/** Credits from text such as `cpu=0.9,ssd=0.7,s3=0.25`; tiers that it does not name keep their default. */
export function parseTierCredits(text: string): { credits: TierCredits } | { problem: string } {
  const credits: Record<Tier, number> = { ...DEFAULT_TIER_CREDITS };
  const named = new Set<string>();
  for (const part of text.split(',')) {
    const [tier = '', value = '', ...rest] = part.split('=').map((side) => side.trim());
    if (!(TIERS as readonly string[]).includes(tier) || rest.length > 0)
      return {
        problem: `"${part.trim().slice(0, 40)}" is not <tier>=<credit> with one of ${TIERS.join(', ')}`,
      };
    if (!CREDIT.test(value)) return { problem: `the credit of ${tier} must be a number from 0 to 1` };
    if (named.has(tier)) return { problem: `${tier} is there twice` };
    named.add(tier);
    credits[tier as Tier] = Number(value);
  }
  return { credits };
}

/** Credits of a setting that was checked when it was read. */
export function tierCreditsOf(text: string): TierCredits {
  const parsed = parseTierCredits(text);
  if ('problem' in parsed) throw new Error(`tier credits: ${parsed.problem}`);
  return parsed.credits;
}
