/** Light or dark: as the system is, until somebody says otherwise. A page from a file may have no memory. */
const THEME = 'baton-trace-theme';
const darkSystem = matchMedia('(prefers-color-scheme: dark)');

function remembered() {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null;
  }
}

const isDark = () => (document.documentElement.dataset.theme ?? (darkSystem.matches ? 'dark' : 'light')) === 'dark';

/** @param {string} theme */
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // Then it is for this time only.
  }
  showTheme();
}

function showTheme() {
  element('theme').setAttribute('aria-pressed', String(isDark()));
  for (const draw of listeners) draw();
}

function startTheme() {
  const before = remembered();
  if (before === 'dark' || before === 'light') document.documentElement.dataset.theme = before;
  element('theme').setAttribute('aria-pressed', String(isDark()));
  element('theme').addEventListener('click', () => setTheme(isDark() ? 'light' : 'dark'));
  darkSystem.addEventListener('change', showTheme);
}
