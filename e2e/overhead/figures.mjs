// What is made of repeated measurements.

/** Returns the middle one. */
export function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Returns the middle, the least and the greatest. */
export function spread(numbers) {
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) };
}

/** Writes a spread, such as `×1.08 (1.06 to 1.11)`. */
export function show({ median, min, max }, { digits = 2, sign = '' } = {}) {
  const text = (number) => number.toFixed(digits);
  return `${sign}${text(median)} (${text(min)} to ${text(max)})`;
}
