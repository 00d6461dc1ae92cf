// One table of keyboard commands: pages add theirs while shown, the help lists what holds now.
import { untrack } from 'svelte';

export interface Command {
  /** What to press: `j`, `/`, `Enter`, or two in a row: `g f`. */
  keys: string;
  does: string;
  act: () => void;
  /** Where it belongs in the help. */
  group?: string;
}

class Keyboard {
  commands = $state.raw<Command[]>([]);
  help = $state(false);
  palette = $state(false);
}

export const keyboard = new Keyboard();

/** Adds commands for as long as the calling component is shown. */
export function useKeys(commands: Command[]) {
  $effect(() => {
    keyboard.commands = [...untrack(() => keyboard.commands), ...commands];
    return () => {
      keyboard.commands = keyboard.commands.filter((command) => !commands.includes(command));
    };
  });
}

const SEQUENCE_MS = 900;
let first = '';
let firstAt = 0;

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function press(event: KeyboardEvent) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    keyboard.palette = !keyboard.palette;
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(event.target)) {
    if (event.key === 'Escape') (event.target as HTMLElement).blur();
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  const onControl = event.target instanceof Element && event.target.closest('a, button, summary');
  if (onControl && (event.key === 'Enter' || event.key === ' ')) return;
  const pair = event.timeStamp - firstAt < SEQUENCE_MS ? `${first} ${event.key}` : '';
  // The page shown last was added last, and wins.
  const found = keyboard.commands.findLast(
    (command) => command.keys === pair || command.keys === event.key,
  );
  first = event.key;
  firstAt = event.timeStamp;
  if (!found) return;
  event.preventDefault();
  found.act();
}
