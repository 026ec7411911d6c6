import { htmlText } from '../../core/html-text';

/** Headers of the login page: nothing is loaded, nobody frames it, nothing is kept. */
export const LOGIN_PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
};

/**
 * The form in which a user signs in. It posts to its own address.
 * @param clientId the application that the user signs in to
 * @param refused whether user name or password were wrong the last time
 */
export function loginPage(clientId: string, refused: boolean): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 22rem; margin: 12vh auto; padding: 0 1rem; }
label, input, button { display: block; width: 100%; box-sizing: border-box; }
input, button { font: inherit; padding: .5rem; margin: .25rem 0 1rem; }
.refused { color: #b00020; }
</style>
</head>
<body>
<h1>Sign in</h1>
<p>to <strong>${htmlText(clientId)}</strong> on this machine</p>
${refused ? '<p class="refused" role="alert">User name or password is wrong.</p>' : ''}
<form method="post">
<label for="username">User name</label>
<input id="username" name="username" autocomplete="username" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button>
</form>
</body>
</html>
`;
}
