/** Whether every part of the comma-separated text is a NATS URL. */
export const areNatsUrls = (text: string): boolean =>
  text.split(',').every((url) => /^(nats|tls):\/\//.test(url.trim()) && URL.canParse(url.trim()));
