// Sixteen by sixteen, one stroke. Shapes differ, so that no meaning rests on colour alone.
export const SHAPES = {
  overview: 'M2.5 9.5l2.5-3 2.5 2 3-4.5 3 3.5M2.5 13.5h11',
  feed: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  finding: 'M4 14V2.5M4 3h8.5l-2 3 2 3H4',
  control:
    'M2.5 2.5h4.2v4.2H2.5zM9.3 2.5h4.2v4.2H9.3zM2.5 9.3h4.2v4.2H2.5z' + 'M9.3 11.4l1.5 1.6 2.7-3.2',
  node: 'M3 3h10v4H3zM3 9h10v4H3zM5.2 5h.1M5.2 11h.1',
  source: 'M2.5 8h2.7l1.8-4.5 2.6 9L11.2 8h2.3',
  rule: 'M4 2.5h6l2.5 2.5v8.5H4zM6 8h4.5M6 10.7h3M9.7 2.8V5.3h2.6',
  trail:
    'M6.7 9.3l2.6-2.6M7.3 4.7l1.3-1.3a2.8 2.8 0 0 1 4 4l-1.3 1.3' +
    'M8.7 11.3l-1.3 1.3a2.8 2.8 0 0 1-4-4l1.3-1.3',
  token: 'M9.7 6.3a3.2 3.2 0 1 0 0 .1zM9.5 7l4 4v2.5H11V12H9.5l-1-1',
  log: 'M3.5 2.5h9v11h-9zM6 5.5h4M6 8h4M6 10.5h2.5',
  activity: 'M2.5 3.5h11v9h-11zM4.8 6.2l2 1.8-2 1.8M8.2 10h3',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  done: 'M3 8.5l3.3 3.3L13 4.7',
  close: 'M4 4l8 8M12 4l-8 8',
  back: 'M9.5 3.5L5 8l4.5 4.5',
  forward: 'M6.5 3.5L11 8l-4.5 4.5',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.2 3.2',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2v9.6L12.5 8z',
  sun:
    'M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.8v1.4M8 12.8v1.4M1.8 8h1.4' +
    'M12.8 8h1.4M3.6 3.6l1 1M11.4 11.4l1 1M12.4 3.6l-1 1M4.6 11.4l-1 1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z',
  system: 'M2.5 3h11v7.5h-11zM6 13.3h4M8 10.5v2.8',
  keyboard: 'M1.8 4h12.4v8H1.8zM4.2 6.5h.1M6.7 6.5h.1M9.2 6.5h.1M11.7 6.5h.1M5 9.5h6',
  out: 'M9.5 2.5h-6v11h6M7 8h6.5M11 5.5L13.5 8 11 10.5',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  clock: 'M8 13.8A5.8 5.8 0 1 0 8 2.2a5.8 5.8 0 0 0 0 11.6zM8 4.8V8l2.2 1.5',
  plus: 'M8 3.5v9M3.5 8h9',
  warning: 'M8 2.5l6 11H2zM8 6.7v3M8 11.6v.1',
  eye:
    'M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8z' +
    'M8 9.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4z',
  shield: 'M8 2l5 1.8v4c0 3-2 5.2-5 6.2-3-1-5-3.2-5-6.2v-4z',
  reopen: 'M3 8a5 5 0 1 0 1.7-3.7M3 2.5v2.8h2.8',
} as const;

export type IconName = keyof typeof SHAPES;
