// What a person chose for this browser: theme and time zone. Kept in local storage, nowhere else.

export type Theme = 'system' | 'light' | 'dark';
export type Zone = 'local' | 'utc';

function kept(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function keep(name: string, value: string) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Forbidden storage only means that the choice is asked again next time.
  }
}

class Preference {
  theme = $state<Theme>(themeOf(kept('theme')));
  zone = $state<Zone>(kept('zone') === 'utc' ? 'utc' : 'local');

  chooseTheme(theme: Theme) {
    this.theme = theme;
    keep('theme', theme);
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  nextTheme() {
    this.chooseTheme(this.theme === 'system' ? 'dark' : this.theme === 'dark' ? 'light' : 'system');
  }

  nextZone() {
    this.zone = this.zone === 'utc' ? 'local' : 'utc';
    keep('zone', this.zone);
  }
}

function themeOf(text: string | null): Theme {
  return text === 'light' || text === 'dark' ? text : 'system';
}

export const preference = new Preference();
