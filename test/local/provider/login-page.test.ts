import { loginPage } from '../../../src/local/provider/login-page';

it('escapes what it is given', () => {
  const html = loginPage(`<img src=x onerror="alert('1')">&`, false);
  expect(html).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;');
  expect(html).not.toContain('<img');
});

it('says only after a refusal that something is wrong', () => {
  expect(loginPage('web', false)).not.toContain('wrong');
  expect(loginPage('web', true)).toContain('role="alert"');
});
