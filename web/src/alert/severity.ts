// Severities in Falco's words and in the console's five tones.
import type { Severity } from '../api/types';

export const SEVERITIES: readonly Severity[] = [
  'Emergency',
  'Alert',
  'Critical',
  'Error',
  'Warning',
  'Notice',
  'Informational',
  'Debug',
];

export type Tone = 'severe' | 'error' | 'warning' | 'notice' | 'quiet';

export const TONES: readonly Tone[] = ['severe', 'error', 'warning', 'notice', 'quiet'];

export function tone(severity: Severity): Tone {
  switch (severity) {
    case 'Emergency':
    case 'Alert':
    case 'Critical':
      return 'severe';
    case 'Error':
      return 'error';
    case 'Warning':
      return 'warning';
    case 'Notice':
      return 'notice';
    default:
      return 'quiet';
  }
}

export const TONE_WORDS: Record<Tone, string> = {
  severe: 'Critical and above',
  error: 'Error',
  warning: 'Warning',
  notice: 'Notice',
  quiet: 'Informational and below',
};
