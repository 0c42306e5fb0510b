/** Instants and durations as deployments show them, with seven decimals. */

/** `2025-01-01T00:00:00.123Z` → `2025-01-01T00:00:00.1230000Z`. */
export const sevenDecimals = (instant: string): string =>
  new Date(Date.parse(instant)).toISOString().replace(/(\.\d{3})Z$/, '$10000Z');

/** The time from `start` to `end` as an ISO 8601 duration: `PT1M2.5S`. */
export function durationText(start: string, end: string): string {
  const seconds = Math.max(0, Date.parse(end) - Date.parse(start)) / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = Math.round((seconds % 60) * 1e7) / 1e7;
  return `PT${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${rest}S`;
}
