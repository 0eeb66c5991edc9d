/** Whether `text` is a redis:// or rediss:// URL with a host, or several with commas between. */
export function areRedisUrls(text: string): boolean {
  return text.split(',').every((part) => {
    const url = URL.parse(part);
    return url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
  });
}
