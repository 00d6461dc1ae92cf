/** Reads the one-time token out of what a person pasted: the whole link, or only the token. */
export function tokenOf(pasted: string): string {
  const text = pasted.trim();
  return /[?&]token=([^&\s]+)/.exec(text)?.[1] ?? text;
}
