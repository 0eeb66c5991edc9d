const words = (key: string): string[] => key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(' ');

/** `scrapeIntervalMs` → `--scrape-interval-ms`. */
export const flagOf = (key: string): string => `--${words(key).join('-').toLowerCase()}`;

/** `scrapeIntervalMs` → `PENSTOCK_SCRAPE_INTERVAL_MS`. */
export const envOf = (key: string): string => `PENSTOCK_${words(key).join('_').toUpperCase()}`;
