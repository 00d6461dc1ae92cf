// Where the console is: the address bar is the only state that pages share.
import { read, write, type Change } from './query';

class Place {
  path = $state(location.pathname);
  search = $state(location.search);

  get query(): Record<string, string> {
    return read(this.search);
  }
}

export const place = new Place();

function follow() {
  place.path = location.pathname;
  place.search = location.search;
}

export function go(address: string, how: 'push' | 'replace' = 'push') {
  if (address === location.pathname + location.search) return;
  if (how === 'push') history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  const moved = location.pathname !== place.path;
  follow();
  if (moved) window.scrollTo(0, 0);
}

/** Changes parts of the query and leaves the rest; an empty value removes its name. */
export function alter(change: Change, how: 'push' | 'replace' = 'push') {
  go(location.pathname + write({ ...read(location.search), ...change }), how);
}

/** Lets ordinary links move within the console without loading it anew. */
export function watchLinks(): () => void {
  const click = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || link.target || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || /^\/(v1|signin|openapi|metrics)\b/.test(link.pathname))
      return;
    event.preventDefault();
    go(link.pathname + link.search);
  };
  document.addEventListener('click', click);
  window.addEventListener('popstate', follow);
  return () => {
    document.removeEventListener('click', click);
    window.removeEventListener('popstate', follow);
  };
}
