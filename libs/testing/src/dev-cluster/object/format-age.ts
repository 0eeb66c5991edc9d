/** A duration as kubectl shows ages: two units while the first is small (`45s`, `2m5s`, `3h`, `12d`). */
export function formatAge(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const withRest = (value: number, unit: string, rest: number, restUnit: string): string =>
    rest > 0 ? `${value}${unit}${rest}${restUnit}` : `${value}${unit}`;
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (days < 8) return withRest(days, 'd', hours % 24, 'h');
  return days < 2 * 365 ? `${days}d` : withRest(Math.floor(days / 365), 'y', days % 365, 'd');
}
