// Every page of the console: its address, name, icon and the key after `g`.
import type { IconName } from '../element/icon';

export interface PageEntry {
  path: string;
  name: string;
  icon: IconName;
  key: string;
  group: 'watch' | 'show' | 'keep';
}

export const PAGES: readonly PageEntry[] = [
  { path: '/', name: 'Overview', icon: 'overview', key: 'o', group: 'watch' },
  { path: '/feed', name: 'Feed', icon: 'feed', key: 'f', group: 'watch' },
  { path: '/findings', name: 'Findings', icon: 'finding', key: 'i', group: 'watch' },
  { path: '/activity', name: 'Activity', icon: 'activity', key: 'v', group: 'watch' },
  { path: '/controls', name: 'Controls', icon: 'control', key: 'c', group: 'show' },
  { path: '/sources', name: 'Sources', icon: 'source', key: 's', group: 'show' },
  { path: '/nodes', name: 'Nodes', icon: 'node', key: 'n', group: 'show' },
  { path: '/rules', name: 'Rules', icon: 'rule', key: 'r', group: 'show' },
  { path: '/trail', name: 'Trail', icon: 'trail', key: 't', group: 'keep' },
  { path: '/tokens', name: 'API tokens', icon: 'token', key: 'k', group: 'keep' },
  { path: '/administration', name: 'Administration', icon: 'log', key: 'a', group: 'keep' },
];

/** Tells which entry an address belongs to; criteria are reached through the controls. */
export function entryOf(path: string): PageEntry | undefined {
  if (path.startsWith('/criteria/')) return PAGES.find((page) => page.path === '/controls');
  return PAGES.find(
    (page) => page.path === path || (page.path !== '/' && path.startsWith(`${page.path}/`)),
  );
}
